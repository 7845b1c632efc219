import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { type Peer, privateGateway, validAround } from '#test/builders/peers.ts';
import { until } from '#test/runtime/until.ts';
import { Collector } from './support/collector.ts';
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
