import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { type Peer, privateGateway, validAround } from '#test/builders/peers.ts';
import { Collector } from '#test/peers/collector.ts';
import { until } from '#test/runtime/until.ts';
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

  /** Lets time pass until the collector has this many messages that were not asked for. */
  async function passUntilWaiting(collector: Collector, count: number): Promise<void> {
    while (collector.waiting < count) {
      await gateway.pass(1, () => collector.roundTrip());
    }
  }

  for (const method of ['list', 'get'] as const) {
    it(`to ${method}: the collector waits, and gets all on the same connection`, async () => {
      await gateway.hold(phone);
      failAt(method);
      using collector = await Collector.open(gateway.poweb, [phone]);
      await gateway.pass(60, () => collector.roundTrip());
      assert.equal(collector.waiting, 0);
      store.fault = null;
      await passUntilWaiting(collector, 1);
      collector.acknowledge(await collector.next());
      await gateway.untilEmpty(phone);
    });
  }

  it('to fetch one parcel: those that come later are delivered meanwhile', async () => {
    using collector = await Collector.open(gateway.poweb, [phone]);
    await collector.roundTrip();
    failAt('get');
    await gateway.hold(phone);
    await until(() => store.failed > 0);
    store.fault = null;
    await gateway.hold(phone);
    await passUntilWaiting(collector, 2);
    for (const _ of [1, 2]) {
      collector.acknowledge(await collector.next());
    }
    await gateway.untilEmpty(phone);
  });

  it('to delete what was acknowledged: it is deleted later, and not delivered again', async () => {
    await gateway.hold(phone);
    using collector = await Collector.open(gateway.poweb, [phone]);
    failAt('delete');
    collector.acknowledge(await collector.next());
    await gateway.pass(60, () => collector.roundTrip());
    store.fault = null;
    await gateway.pass(60, () => collector.roundTrip());
    assert.equal(collector.waiting, 0);
    assert.equal(await gateway.heldFor(phone), 0);
  });

  it('to do anything for five minutes: 1011, and everything stays held', async () => {
    await gateway.hold(phone);
    failAt('list');
    const failedBefore = store.failed;
    using collector = await Collector.open(gateway.poweb, [phone]);
    // On a busy machine, time could pass before the collection begins.
    await until(() => store.failed > failedBefore);
    await gateway.pass(299, () => collector.roundTrip());
    while (collector.isOpen) {
      await gateway.pass(1, async () => {
        await Promise.race([collector.roundTrip(), collector.closed]).catch(() => {});
      });
    }
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
