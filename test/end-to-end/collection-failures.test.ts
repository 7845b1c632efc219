import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { type Peer, privateGateway, validAround } from '#test/builders/peers.ts';
import { until } from '#test/runtime/until.ts';
import { Collector, type CollectorOptions, refusedUpgrade } from './support/collector.ts';
import { FaultyStore } from './support/faulty-store.ts';
import { GatewayUnderTest, START } from './support/gateway-under-test.ts';

const CLOSING = { headers: { 'x-awala-streaming-mode': 'close-upon-completion' } };

describe('Parcel collection: when the store fails', () => {
  let gateway: GatewayUnderTest;
  let phone: Peer;
  const store = new FaultyStore();

  before(async () => {
    gateway = await GatewayUnderTest.start({ objects: store.objects });
    phone = await privateGateway('phone', gateway.us, validAround(START));
  });
  after(() => gateway[Symbol.asyncDispose]());
  afterEach(async () => {
    store.fault = null;
    await until(() => gateway.running.collection.collectors === 0);
  });

  /** Fails unless a phone can collect so many parcels now, after which there are none. */
  async function collects(count: number): Promise<void> {
    using collector = await Collector.open(gateway.poweb, [phone], CLOSING);
    for (let collected = 0; collected < count; collected++) {
      collector.acknowledge(await collector.next());
    }
    assert.equal((await collector.closed).code, 1000);
    assert.equal(collector.waiting, 0);
    assert.equal(await gateway.heldFor(phone), 0);
  }

  function failAt(method: 'list' | 'get' | 'delete'): void {
    store.methods = [method];
    store.fault = 'down';
  }

  it('to list: 1011, and everything stays held', async () => {
    await gateway.hold(phone);
    failAt('list');
    using collector = await Collector.open(gateway.poweb, [phone]);
    assert.equal((await collector.closed).code, 1011);
    store.fault = null;
    await collects(1);
  });

  it('to fetch a parcel: 1011, and what was not acknowledged stays held', async () => {
    using collector = await Collector.open(gateway.poweb, [phone]);
    await collector.roundTrip();
    await gateway.hold(phone);
    const delivery = await collector.next();
    failAt('get');
    await gateway.hold(phone);
    assert.equal((await collector.closed).code, 1011);
    assert.equal(delivery.deliveryId, '1');
    store.fault = null;
    await collects(2);
  });

  it('to delete what was acknowledged: 1011, and it is delivered again', async () => {
    await gateway.hold(phone);
    using collector = await Collector.open(gateway.poweb, [phone]);
    const delivery = await collector.next();
    failAt('delete');
    collector.acknowledge(delivery);
    assert.equal((await collector.closed).code, 1011);
    store.fault = null;
    await collects(1);
  });

  it('in a way that nobody foresaw: 1011, and the server goes on', async () => {
    await gateway.hold(phone);
    failAt('get');
    store.fault = 'broken';
    using collector = await Collector.open(gateway.poweb, [phone]);
    assert.equal((await collector.closed).code, 1011);
    store.fault = null;
    await collects(1);
  });

  it('it is warned of; only what nobody foresaw is an error', () => {
    const errors = gateway.loggedAt('error');
    assert.equal(errors.length, 1);
    assert.match(errors[0] ?? '', /told to surprise/);
  });
});

describe('Parcel collection: when the gateway is about to stop', () => {
  const UNKNOWN = { hasUserAgent: false };
  let gateway: GatewayUnderTest;
  let phone: Peer;

  before(async () => {
    gateway = await GatewayUnderTest.start();
    phone = await privateGateway('phone', gateway.us, validAround(START));
  });
  after(() => gateway[Symbol.asyncDispose]());
  afterEach(() => {
    assert.equal(gateway.running.collection.collectors, 0);
    gateway.running.collection.resume();
  });

  function drain(spreadMs = 0): Promise<void> {
    const drained = gateway.running.collection.drain(spreadMs);
    gateway.clock.advance(0);
    return drained;
  }

  /** Drains amid a delivery, which is acknowledged nevertheless. */
  async function codeOfDrained(options: CollectorOptions): Promise<number> {
    await gateway.hold(phone);
    using collector = await Collector.open(gateway.poweb, [phone], options);
    const delivery = await collector.next();
    const drained = drain();
    collector.acknowledge(delivery);
    assert.equal(await refusedUpgrade(gateway.poweb), 503);
    const { code } = await collector.closed;
    await drained;
    assert.equal(await gateway.heldFor(phone), 0);
    return code;
  }

  it('keep-alive: 4000', async () => {
    assert.equal(await codeOfDrained({}), 4000);
  });

  it('keep-alive without User-Agent: 1000', async () => {
    assert.equal(await codeOfDrained(UNKNOWN), 1000);
  });

  it('close-upon-completion: 4000, with and without User-Agent', async () => {
    assert.equal(await codeOfDrained(CLOSING), 4000);
    gateway.running.collection.resume();
    assert.equal(await codeOfDrained({ ...CLOSING, ...UNKNOWN }), 4000);
  });

  it('who was just about to shake hands is sent away too', async () => {
    using collector = new Collector(gateway.poweb);
    await collector.challenge();
    const drained = drain();
    assert.equal((await collector.closed).code, 4000);
    await drained;
  });

  it('one who does not answer is cut off after 5 s', async () => {
    using collector = new Collector(gateway.poweb);
    await collector.challenge();
    collector.stopReading();
    const drained = drain();
    gateway.clock.advance(5_000);
    await drained;
  });

  it('many are sent away over the time given, not all at once', async () => {
    const collectors = Array.from({ length: 4 }, () => new Collector(gateway.poweb));
    await Promise.all(collectors.map((collector) => collector.challenge()));
    const drained = drain(4_000);
    for (const remaining of [3, 2, 1, 0]) {
      await until(() => gateway.running.collection.collectors === remaining);
      gateway.clock.advance(1_000);
    }
    await drained;
    const codes = await Promise.all(collectors.map(async ({ closed }) => (await closed).code));
    assert.deepEqual(codes, [4000, 4000, 4000, 4000]);
  });
});
