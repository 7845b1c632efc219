import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it } from 'node:test';
import type { NodeId } from '#awala/node-id.ts';
import type { ObjectStoreCall } from '#object-store/in-memory.ts';
import { CollectionSetting, PRIVATE_GATEWAY, settled } from '#test/builders/collections.ts';
import { PARCEL_COLLECTION_LIMITS } from './parcel-collection-limits.ts';

const OTHER_PRIVATE_GATEWAY: NodeId = `0${'b'.repeat(64)}`;
const { relistMs } = PARCEL_COLLECTION_LIMITS;

describe('ParcelCollection', () => {
  it('delivers the backlog, then arrivals', async () => {
    const setting = new CollectionSetting();
    await setting.storeMany(20);
    const collection = setting.collect();
    await collection.acknowledgeAll();
    assert.equal(new Set(collection.sent).size, 20);
    await setting.store('arrival');
    await collection.acknowledgeAll();
    assert.deepEqual(collection.sent.slice(20), ['arrival']);
    assert.equal(await setting.heldCount(), 0);
    collection.disconnect();
    await assert.rejects(collection.ended, /disconnected/);
  });

  it('delivers a parcel that is stored while the backlog is being sent', async () => {
    const setting = new CollectionSetting();
    await setting.storeMany(2);
    const collection = setting.collect({ limits: { window: 1 } });
    await settled();
    await setting.store('in between');
    await collection.acknowledgeAll();
    assert.equal(collection.sent.length, 3);
    assert.ok(collection.sent.includes('in between'));
    collection.disconnect();
  });

  it('subscribes before it lists', async () => {
    const calls: string[] = [];
    const before = ({ method }: ObjectStoreCall) => {
      calls.push(method);
    };
    const setting = new CollectionSetting({ before });
    const subscribed = Promise.withResolvers<void>();
    setting.signals.ready = () => subscribed.promise;
    const collection = setting.collect();
    await settled();
    assert.deepEqual(calls, []);
    subscribed.resolve();
    await settled();
    assert.deepEqual(calls, ['list']);
    collection.disconnect();
  });

  it('delivers the parcels of each private gateway of the peer, and of no other', async () => {
    const setting = new CollectionSetting();
    const privateGateways: NodeId[] = [PRIVATE_GATEWAY, OTHER_PRIVATE_GATEWAY];
    for (const privateGateway of [...privateGateways, `0${'f'.repeat(64)}`]) {
      await setting.store(`for ${privateGateway.slice(1, 2)}`, { privateGateway });
    }
    const collection = setting.collect({ privateGateways, keepAlive: false });
    await collection.acknowledgeAll();
    await collection.ended;
    assert.deepEqual(collection.sent.sort(), ['for a', 'for b']);
  });

  it('has no more deliveries unacknowledged than the window allows', async () => {
    const setting = new CollectionSetting();
    await setting.storeMany(10);
    const collection = setting.collect({ limits: { window: 3 } });
    await settled();
    assert.equal(collection.sent.length, 3);
    collection.acknowledgeOldest();
    await settled();
    assert.equal(collection.sent.length, 4);
    collection.disconnect();
  });

  it('sends nothing more while too many deletions are under way', async () => {
    const deletion = Promise.withResolvers<void>();
    const before = ({ method }: ObjectStoreCall) =>
      method === 'delete' ? deletion.promise : undefined;
    const setting = new CollectionSetting({ before });
    await setting.storeMany(10);
    const collection = setting.collect({ limits: { window: 1, deletions: 3 } });
    await collection.acknowledgeAll();
    assert.equal(collection.sent.length, 3);
    deletion.resolve();
    await collection.acknowledgeAll();
    assert.equal(collection.sent.length, 10);
    collection.disconnect();
  });

  it('does not know a delivery that it did not make, or whose acknowledgement it had', async () => {
    const setting = new CollectionSetting();
    await setting.store('one');
    const collection = setting.collect();
    await settled();
    assert.equal(collection.acknowledge('no such delivery'), false);
    assert.equal(collection.acknowledge('1'), true);
    assert.equal(collection.acknowledge('1'), false);
    collection.disconnect();
  });

  it('skips what has expired, in the store or while it waited for its turn', async () => {
    const setting = new CollectionSetting();
    await setting.store('gone', { lifeMs: 1 });
    setting.clock.advance(1);
    await setting.store('first');
    const collection = setting.collect({ limits: { window: 1 } });
    await settled();
    await setting.store('short-lived', { lifeMs: 1_000 });
    await settled();
    setting.clock.advance(1_000);
    await collection.acknowledgeAll();
    assert.deepEqual(collection.sent, ['first']);
    assert.equal(setting.budget.held, 0);
    collection.disconnect();
  });

  it('sends what replaced a parcel once that one was acknowledged, and keeps it until then', async () => {
    const setting = new CollectionSetting();
    await setting.store('same');
    const collection = setting.collect();
    await settled();
    await setting.store('same', { octets: 100 });
    await settled();
    assert.equal(collection.sent.length, 1);
    collection.acknowledgeOldest();
    await settled();
    assert.equal(collection.sent.length, 2);
    assert.equal(await setting.heldCount(), 1);
    await collection.acknowledgeAll();
    assert.equal(await setting.heldCount(), 0);
    collection.disconnect();
  });
});

describe('ParcelCollection that closes upon completion', () => {
  it('ends at once when nothing is held', async () => {
    await new CollectionSetting().collect({ keepAlive: false }).ended;
  });

  it('ends when all is acknowledged and deleted', async () => {
    const deletion = Promise.withResolvers<void>();
    const before = ({ method }: ObjectStoreCall) =>
      method === 'delete' ? deletion.promise : undefined;
    const setting = new CollectionSetting({ before });
    await setting.storeMany(3);
    const collection = setting.collect({ keepAlive: false });
    await collection.acknowledgeAll();
    assert.equal(collection.hasEnded, false);
    deletion.resolve();
    await collection.ended;
    assert.equal(await setting.heldCount(), 0);
  });

  it('does not end before it has listed, even if all that arrived was acknowledged', async () => {
    const setting = new CollectionSetting();
    await setting.store('backlog');
    const subscribed = Promise.withResolvers<void>();
    setting.signals.ready = () => subscribed.promise;
    const collection = setting.collect({ keepAlive: false });
    await setting.store('arrival');
    await collection.acknowledgeAll();
    subscribed.resolve();
    await collection.acknowledgeAll();
    await collection.ended;
    assert.deepEqual(collection.sent, ['arrival', 'backlog']);
  });
});

describe('ParcelCollection when signals are lost', () => {
  it('lists again after an interruption', async () => {
    const setting = new CollectionSetting();
    const collection = setting.collect();
    await settled();
    setting.signals.isDeaf = true;
    await setting.store('missed');
    setting.signals.interrupted();
    await settled();
    assert.deepEqual(collection.sent, ['missed']);
    collection.disconnect();
  });

  it('lists again every quarter of an hour', async () => {
    const setting = new CollectionSetting();
    const collection = setting.collect();
    await settled();
    setting.signals.isDeaf = true;
    for (const parcel of ['missed', 'missed, too']) {
      await setting.store(parcel);
      setting.clock.advance(relistMs - 1);
      await collection.acknowledgeAll();
      assert.ok(!collection.sent.includes(parcel));
      setting.clock.advance(1);
      await collection.acknowledgeAll();
      assert.equal(collection.sent.at(-1), parcel);
    }
    collection.disconnect();
  });

  it('lists again when more arrives than it remembers', async () => {
    const setting = new CollectionSetting();
    const collection = setting.collect({ limits: { window: 1, aheadParcels: 1 } });
    await settled();
    await setting.storeMany(1_500);
    await collection.acknowledgeAll();
    assert.equal(new Set(collection.sent).size, 1_500);
    assert.equal(collection.sent.length, 1_500);
    collection.disconnect();
  });
});

describe('ParcelCollection at its end', () => {
  it('fails with what sending throws', async () => {
    const setting = new CollectionSetting();
    await setting.store('one');
    const failure = new Error('connection reset');
    const sending = () => Promise.reject(failure);
    await assert.rejects(setting.collect({ sending }).ended, failure);
    assert.equal(setting.budget.held, 0);
  });

  it('waits for the deletions under way, also of what is acknowledged meanwhile', async () => {
    const deletions = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let begun = 0;
    const before = ({ method }: ObjectStoreCall) =>
      method === 'delete' ? deletions[begun++]?.promise : undefined;
    const setting = new CollectionSetting({ before });
    await setting.storeMany(2);
    const collection = setting.collect();
    await settled();
    collection.acknowledgeOldest();
    collection.disconnect();
    await settled();
    collection.acknowledgeOldest();
    for (const [index, deletion] of deletions.entries()) {
      assert.equal(collection.hasEnded, false, `before deletion ${index} has ended`);
      deletion.resolve();
      await settled();
    }
    await assert.rejects(collection.ended, /disconnected/);
    assert.equal(await setting.heldCount(), 0);
  });

  it('leaves no listener on the signal, no subscription and no reservation', async () => {
    const setting = new CollectionSetting();
    await setting.storeMany(10, 1_000);
    const collection = setting.collect();
    await settled();
    collection.disconnect();
    await assert.rejects(collection.ended, /disconnected/);
    assert.equal(getEventListeners(collection.connection.signal, 'abort').length, 0);
    assert.equal(setting.signals.openSubscriptions, 0);
    assert.equal(setting.budget.held, 0);
  });

  it('does nothing when it is told to end before it begins', async () => {
    const setting = new CollectionSetting();
    await setting.store('one');
    const subscribed = Promise.withResolvers<void>();
    setting.signals.ready = () => subscribed.promise;
    const collection = setting.collect();
    collection.disconnect();
    await assert.rejects(collection.ended, /disconnected/);
    subscribed.resolve();
    await settled();
    assert.deepEqual(collection.sent, []);
  });
});
