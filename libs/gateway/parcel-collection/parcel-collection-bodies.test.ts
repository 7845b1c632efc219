import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CollectionSetting, settled } from '#test/builders/collections.ts';
import { PARCEL_COLLECTION_LIMITS } from './parcel-collection-limits.ts';

/** A setting that counts reads of the store. */
function settingWithBodies(options: { readonly budgetOctets?: number; onPut?: () => void } = {}) {
  const reads: string[] = [];
  const setting = new CollectionSetting({
    ...options,
    maxSignalledOctets: 100,
    before: ({ method, key }) => {
      if (method === 'get') {
        reads.push(key);
      }
      if (method === 'put') {
        options.onPut?.();
      }
    },
  });
  return { setting, reads };
}

describe('ParcelCollection of parcels that come with their signals', () => {
  it('delivers them without a read, and deletes them', async () => {
    const { setting, reads } = settingWithBodies();
    const collection = setting.collect();
    await settled();
    await setting.storeMany(5, 100);
    await collection.acknowledgeAll();
    assert.deepEqual(collection.sent.sort(), ['p1', 'p2', 'p3', 'p4', 'p5']);
    assert.deepEqual(reads, []);
    assert.equal(await setting.heldCount(), 0);
    assert.equal(setting.budget.held, 0);
    collection.disconnect();
  });

  it('reads those that are too large for that', async () => {
    const { setting, reads } = settingWithBodies();
    const collection = setting.collect();
    await settled();
    await setting.store('large', { octets: 101 });
    await collection.acknowledgeAll();
    assert.deepEqual(collection.sent, ['large']);
    assert.equal(reads.length, 1);
    collection.disconnect();
  });

  it('reads what comes while others wait, and keeps none of their bodies', async () => {
    const { setting, reads } = settingWithBodies();
    const { aheadParcels } = PARCEL_COLLECTION_LIMITS;
    const collection = setting.collect({ limits: { window: 1 } });
    await settled();
    await setting.storeMany(aheadParcels + 10, 100);
    await settled();
    assert.ok(setting.budget.held <= (aheadParcels + 1) * 100);
    await collection.acknowledgeAll();
    assert.equal(new Set(collection.sent).size, aheadParcels + 10);
    assert.ok(reads.length >= 9, `${reads.length} reads`);
    collection.disconnect();
  });

  it('reads what comes while there is no memory for it', async () => {
    const { setting, reads } = settingWithBodies({ budgetOctets: 150 });
    const collection = setting.collect();
    await settled();
    const reservation = setting.budget.tryAcquire(100);
    await setting.store('p1', { octets: 100 });
    await settled();
    assert.deepEqual(collection.sent, []);
    reservation?.();
    await collection.acknowledgeAll();
    assert.deepEqual(collection.sent, ['p1']);
    assert.equal(reads.length, 1);
    collection.disconnect();
  });

  it('delivers the newer after the older where one replaces the other', async () => {
    const { setting } = settingWithBodies();
    const collection = setting.collect();
    await settled();
    await setting.store('same', { octets: 50 });
    await setting.store('same', { octets: 60 });
    await collection.acknowledgeAll();
    assert.deepEqual(collection.sent, ['same', 'same']);
    assert.equal(await setting.heldCount(), 0);
    collection.disconnect();
  });

  it('does not deliver again what it has read, when its signal comes late or twice', async () => {
    const { setting } = settingWithBodies();
    const late: (() => void)[] = [];
    setting.signals.publishLater = (publish) => late.push(publish);
    await setting.store('p1', { octets: 50 });
    const collection = setting.collect();
    await collection.acknowledgeAll();
    assert.deepEqual(collection.sent, ['p1']);
    late[0]?.();
    late[0]?.();
    await collection.acknowledgeAll();
    await setting.store('p2', { octets: 50 });
    late[1]?.();
    late[1]?.();
    await collection.acknowledgeAll();
    late[1]?.();
    await collection.acknowledgeAll();
    assert.deepEqual(collection.sent, ['p1', 'p2']);
    collection.disconnect();
  });

  it('reads a parcel whose store took long to answer, as it may have been collected meanwhile', async () => {
    const { setting, reads } = settingWithBodies({ onPut: () => setting.clock.advance(1_001) });
    const collection = setting.collect();
    await settled();
    await setting.store('slow', { octets: 50 });
    await collection.acknowledgeAll();
    assert.deepEqual(collection.sent, ['slow']);
    assert.equal(reads.length, 1);
    collection.disconnect();
  });

  for (const [when, passedMs] of [
    ['comes late', 251],
    ['was made by a clock that is ahead', -251],
  ] as const) {
    it(`reads a parcel whose signal ${when}`, async () => {
      const { setting, reads } = settingWithBodies();
      const late: (() => void)[] = [];
      setting.signals.publishLater = (publish) => late.push(publish);
      const collection = setting.collect();
      await settled();
      const { now } = setting.clock;
      setting.clock.now = () => new Date(now.call(setting.clock).getTime() - Math.min(passedMs, 0));
      await setting.store('late', { octets: 50 });
      setting.clock.now = now;
      setting.clock.advance(Math.max(passedMs, 0));
      late[0]?.();
      await collection.acknowledgeAll();
      assert.deepEqual(collection.sent, ['late']);
      assert.equal(reads.length, 1);
      collection.disconnect();
    });
  }

  it('delivers none that has expired on its way', async () => {
    const { setting } = settingWithBodies();
    const late: (() => void)[] = [];
    setting.signals.publishLater = (publish) => late.push(publish);
    const collection = setting.collect();
    await settled();
    await setting.store('short', { octets: 50, lifeMs: 1_000 });
    setting.clock.advance(1_000);
    late[0]?.();
    await settled();
    assert.deepEqual(collection.sent, []);
    collection.disconnect();
  });
});
