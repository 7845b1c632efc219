import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ObjectStoreCall } from '#object-store/in-memory.ts';
import { CollectionSetting, settled } from '#test/builders/collections.ts';
import { PARCEL_COLLECTION_LIMITS } from './parcel-collection-limits.ts';

const { stallMs, acknowledgementTimeoutMs } = PARCEL_COLLECTION_LIMITS;

describe('ParcelCollection with a slow peer', () => {
  it('fetches no more ahead than is allowed', async () => {
    const setting = new CollectionSetting();
    await setting.storeMany(30, 1_000);
    const inNumber = setting.collect({ limits: { window: 1, aheadParcels: 10 } });
    await settled();
    assert.equal(setting.budget.held, 10 * 1_000);
    inNumber.disconnect();
    await assert.rejects(inNumber.ended);
    const inOctets = setting.collect({ limits: { window: 1, aheadOctets: 4_500 } });
    await settled();
    assert.equal(setting.budget.held, 5 * 1_000);
    inOctets.disconnect();
  });

  it('lets go what is fetched ahead when the peer stalls, and fetches it again when it goes on', async () => {
    const setting = new CollectionSetting();
    await setting.storeMany(30, 1_000);
    const collection = setting.collect({ limits: { aheadParcels: 10 } });
    await settled();
    setting.clock.advance(stallMs - 1);
    assert.equal(setting.budget.held, 10 * 1_000);
    setting.clock.advance(1);
    assert.equal(setting.budget.held, 0);
    collection.acknowledgeOldest();
    await settled();
    assert.equal(setting.budget.held, 10 * 1_000);
    await collection.acknowledgeAll();
    assert.equal(new Set(collection.sent).size, 30);
    assert.equal(collection.sent.length, 30);
    collection.disconnect();
  });

  it('keeps nothing whose fetch ends after the peer has stalled', async () => {
    const fetching = Promise.withResolvers<void>();
    let fetches = 0;
    const before = ({ method }: ObjectStoreCall) => {
      fetches += method === 'get' ? 1 : 0;
      return fetches > 1 && method === 'get' ? fetching.promise : undefined;
    };
    const setting = new CollectionSetting({ before });
    await setting.storeMany(5, 1_000);
    const collection = setting.collect({ limits: { window: 1 } });
    await settled();
    setting.clock.advance(stallMs);
    fetching.resolve();
    await settled();
    assert.equal(setting.budget.held, 0);
    await collection.acknowledgeAll();
    assert.equal(new Set(collection.sent).size, 5);
    collection.disconnect();
  });

  it('keeps only what is being sent when the network takes long', async () => {
    const taking = Promise.withResolvers<void>();
    const setting = new CollectionSetting();
    await setting.storeMany(10, 1_000);
    const collection = setting.collect({ sending: () => taking.promise });
    await settled();
    assert.equal(setting.budget.held, 10 * 1_000);
    setting.clock.advance(stallMs);
    await settled();
    assert.equal(setting.budget.held, 1_000);
    setting.clock.advance(acknowledgementTimeoutMs);
    taking.resolve();
    await collection.acknowledgeAll();
    assert.equal(new Set(collection.sent).size, 10);
    collection.disconnect();
  });

  it('still delivers what arrives while the peer stalls, if the window allows', async () => {
    const setting = new CollectionSetting();
    await setting.store('never acknowledged');
    const collection = setting.collect();
    await settled();
    setting.clock.advance(stallMs);
    await setting.store('arrival');
    await settled();
    assert.deepEqual(collection.sent, ['never acknowledged', 'arrival']);
    collection.disconnect();
  });

  it('reserves memory for the parcel that is fetched, even if it replaced a smaller one', async () => {
    const reserved: number[] = [];
    const after = ({ method }: ObjectStoreCall) =>
      method === 'list' ? setting.store('one', { octets: 5_000 }) : undefined;
    const setting = new CollectionSetting({ after });
    setting.signals.isDeaf = true;
    await setting.store('one');
    const sending = () => {
      reserved.push(setting.budget.held);
    };
    const collection = setting.collect({ sending });
    await settled();
    assert.deepEqual(reserved, [5_000]);
    collection.disconnect();
  });

  it('ends when no acknowledgement comes for too long', async () => {
    const setting = new CollectionSetting();
    await setting.storeMany(2);
    const collection = setting.collect({ limits: { window: 1 } });
    await settled();
    setting.clock.advance(acknowledgementTimeoutMs - 1);
    collection.acknowledgeOldest();
    await settled();
    setting.clock.advance(acknowledgementTimeoutMs);
    await assert.rejects(collection.ended, { code: 'acknowledgement-overdue' });
    assert.equal(await setting.heldCount(), 1);
  });

  it('waits for ever when there is nothing to acknowledge', async () => {
    const setting = new CollectionSetting();
    const collection = setting.collect();
    await settled();
    setting.clock.advance(10 * acknowledgementTimeoutMs);
    await setting.store('late');
    await settled();
    assert.deepEqual(collection.sent, ['late']);
    collection.disconnect();
  });

  it('fetches nothing ahead while the memory is needed by others', async () => {
    const setting = new CollectionSetting({ budgetOctets: 10_000 });
    await setting.storeMany(20, 1_000);
    const collection = setting.collect();
    await settled();
    assert.equal(setting.budget.held, 10_000);
    const needed = setting.budget.acquire(9_000, new AbortController().signal);
    await collection.acknowledgeAll();
    (await needed)();
    await collection.acknowledgeAll();
    assert.equal(new Set(collection.sent).size, 20);
    assert.equal(setting.budget.held, 0);
    collection.disconnect();
  });

  it('shares the memory with other collections, which go on when it ends', async () => {
    const setting = new CollectionSetting({ budgetOctets: 3_000 });
    await setting.storeMany(5, 1_000);
    const slow = setting.collect({ limits: { window: 1 }, sending: () => new Promise(() => {}) });
    await settled();
    const other = setting.collect();
    await other.acknowledgeAll();
    assert.deepEqual(other.sent, []);
    slow.disconnect();
    await other.acknowledgeAll();
    assert.equal(new Set(other.sent).size, 5);
    other.disconnect();
  });
});
