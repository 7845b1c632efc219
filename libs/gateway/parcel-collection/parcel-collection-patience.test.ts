import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BackingUnavailableError } from '#backing/errors.ts';
import type { ObjectStoreCall } from '#object-store/in-memory.ts';
import {
  CollectionSetting,
  type CollectionUnderTest,
  PRIVATE_GATEWAY,
  settled,
} from '#test/builders/collections.ts';
import { COLLECTION_CALL_MS, REPEATED_CALL_MS } from './collection-patience.ts';
import { PARCEL_COLLECTION_LIMITS } from './parcel-collection-limits.ts';

const { giveUpAfterMs } = PARCEL_COLLECTION_LIMITS;
const CLOSING = { keepAlive: false };

function unavailable(): never {
  throw new BackingUnavailableError('object-store', 'told to fail');
}

/** A store whose calls fail as long as `fails` says so. */
function failingSetting(fails: (call: ObjectStoreCall) => boolean): CollectionSetting {
  return new CollectionSetting({ before: (call) => (fails(call) ? unavailable() : undefined) });
}

/** Lets time pass bit by bit, acknowledging whatever comes. */
async function pass(
  { clock }: CollectionSetting,
  collection: CollectionUnderTest,
  ms: number,
): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1_000) {
    clock.advance(1_000);
    await collection.acknowledgeAll();
  }
}

describe('ParcelCollection while a backing service fails', () => {
  for (const failing of ['list', 'get', 'delete'] as const) {
    it(`repeats a ${failing}, and completes as if nothing had been`, async () => {
      let left = 3;
      const setting = failingSetting(({ method }) => method === failing && left-- > 0);
      await setting.storeMany(3, 1_000);
      const collection = setting.collect(CLOSING);
      await collection.acknowledgeAll();
      await pass(setting, collection, 60_000);
      await collection.ended;
      assert.deepEqual(collection.sent.toSorted(), ['p1', 'p2', 'p3']);
      assert.equal(await setting.heldCount(), 0);
      assert.equal(setting.budget.held, 0);
    });
  }

  it('collects a backlog of 1 000 although every third call fails', async () => {
    let calls = 0;
    const setting = failingSetting(({ method }) => method !== 'put' && calls++ % 3 === 0);
    await setting.storeMany(1_000);
    const collection = setting.collect(CLOSING);
    await collection.acknowledgeAll();
    while (!collection.hasEnded) {
      await pass(setting, collection, 1_000);
    }
    await collection.ended;
    assert.equal(collection.sent.length, 1_000);
    assert.equal(new Set(collection.sent).size, 1_000);
  });

  it('sends all others while one cannot be read, and that one as soon as it can be', async () => {
    let unreadable: string | null = null;
    const setting = failingSetting(({ method, key }) => method === 'get' && key === unreadable);
    await setting.storeMany(10);
    const [first] = await Array.fromAsync(setting.mailbox.list(PRIVATE_GATEWAY));
    unreadable = first?.key ?? '';
    const collection = setting.collect();
    await pass(setting, collection, 2_000);
    assert.equal(collection.sent.length, 9);
    await pass(setting, collection, 2 * giveUpAfterMs);
    await setting.store('arrival');
    await pass(setting, collection, 4_000);
    assert.equal(collection.sent.at(-1), 'arrival');
    unreadable = null;
    await pass(setting, collection, 30_000);
    assert.equal(new Set(collection.sent).size, 11);
    assert.equal(await setting.heldCount(), 0);
    collection.disconnect();
  });

  it('goes on with the listing where it failed', async () => {
    const listings: string[] = [];
    const setting = new CollectionSetting({
      pageSize: 2,
      before: ({ method }) => {
        if (method === 'list' && listings.push('list') === 3) {
          unavailable();
        }
      },
    });
    await setting.storeMany(6);
    const collection = setting.collect(CLOSING);
    await pass(setting, collection, 2_000);
    await collection.ended;
    // Four pages, the last of which is empty, and the one that failed.
    assert.equal(listings.length, 5);
    assert.equal(collection.sent.length, 6);
  });

  it('lists again after pauses that grow until something is listed, with more time', async () => {
    const failing = [true, true, true, false, true, false];
    const listings: (readonly [atMs: number, deadlineMs: number | undefined])[] = [];
    const setting: CollectionSetting = new CollectionSetting({
      pageSize: 1,
      before: ({ method, deadlineMs }) => {
        if (method === 'list') {
          listings.push([setting.clock.elapsedMs() - startMs, deadlineMs]);
          if (failing.shift()) {
            unavailable();
          }
        }
      },
    });
    const startMs = setting.clock.elapsedMs();
    await setting.store('one');
    const collection = setting.collect(CLOSING);
    while (!collection.hasEnded) {
      await collection.acknowledgeAll();
      setting.clock.advance(100);
    }
    await collection.ended;
    assert.deepEqual(listings, [
      [0, COLLECTION_CALL_MS],
      [500, REPEATED_CALL_MS],
      [1_500, REPEATED_CALL_MS],
      [3_500, REPEATED_CALL_MS],
      [3_500, REPEATED_CALL_MS],
      [4_000, REPEATED_CALL_MS],
    ]);
    assert.deepEqual(collection.sent, ['one']);
  });

  it('gives a call more time than one for which a client waits, and still more when it is repeated', async () => {
    const given: (number | undefined)[] = [];
    const setting = new CollectionSetting({
      before: ({ method, deadlineMs }) => {
        if (method === 'get' && given.push(deadlineMs) === 1) {
          unavailable();
        }
      },
    });
    await setting.store('one');
    const collection = setting.collect(CLOSING);
    await pass(setting, collection, 2_000);
    await collection.ended;
    assert.deepEqual(given, [COLLECTION_CALL_MS, REPEATED_CALL_MS]);
  });

  it('asks one thing at a time, and seldom, of a store that only fails', async () => {
    let reads = 0;
    const setting = failingSetting(({ method }) => method === 'get' && reads++ >= 0);
    await setting.storeMany(500);
    const collection = setting.collect();
    await pass(setting, collection, 60_000);
    assert.ok(reads < 64 + 30, `${reads} reads in a minute`);
    collection.disconnect();
    await assert.rejects(collection.ended, /disconnected/);
    assert.equal(setting.budget.held, 0);
  });

  it('delivers what is held though it cannot be told of arrivals, and lists again once it can', async () => {
    const setting = new CollectionSetting();
    let isAway = true;
    setting.signals.isDeaf = true;
    setting.signals.ready = async () => (isAway ? unavailable() : undefined);
    await setting.store('held');
    const collection = setting.collect();
    await collection.acknowledgeAll();
    assert.deepEqual(collection.sent, ['held']);
    await setting.store('missed');
    await pass(setting, collection, 60_000);
    assert.equal(collection.sent.length, 1);
    isAway = false;
    await pass(setting, collection, 30_000);
    assert.deepEqual(collection.sent, ['held', 'missed']);
    collection.disconnect();
    await assert.rejects(collection.ended, /disconnected/);
    assert.equal(setting.signals.openSubscriptions, 0);
  });

  it('leaves to the next collection what could not be deleted while the connection lived', async () => {
    let isFailing = true;
    const setting = failingSetting(({ method }) => method === 'delete' && isFailing);
    await setting.store('one');
    const first = setting.collect();
    await pass(setting, first, 3_000);
    first.disconnect();
    await assert.rejects(first.ended, /disconnected/);
    isFailing = false;
    const second = setting.collect(CLOSING);
    await second.acknowledgeAll();
    await second.ended;
    assert.deepEqual([...first.sent, ...second.sent], ['one', 'one']);
    assert.equal(await setting.heldCount(), 0);
  });
});

describe('ParcelCollection when nothing succeeds for some minutes', () => {
  for (const failing of ['list', 'get', 'delete'] as const) {
    it(`fails with what the backing says to a ${failing}, and all stays held`, async () => {
      let isFailing = true;
      const setting = failingSetting(({ method }) => method === failing && isFailing);
      await setting.storeMany(3, 1_000);
      const collection = setting.collect(CLOSING);
      await pass(setting, collection, giveUpAfterMs - 30_000);
      assert.equal(collection.hasEnded, false);
      await pass(setting, collection, 90_000);
      await assert.rejects(collection.ended, BackingUnavailableError);
      isFailing = false;
      assert.equal(await setting.heldCount(), 3);
      assert.equal(setting.budget.held, 0);
      assert.equal(setting.signals.openSubscriptions, 0);
    });
  }

  it('fails if it was to be kept alive and the store cannot even list', async () => {
    let isDown = false;
    const setting = failingSetting(() => isDown);
    await setting.storeMany(3);
    const collection = setting.collect({ limits: { window: 1 } });
    await settled();
    isDown = true;
    collection.acknowledgeOldest();
    await pass(setting, collection, giveUpAfterMs + 60_000);
    await assert.rejects(collection.ended, BackingUnavailableError);
  });

  it('fails at once with what no repetition can help', async () => {
    const surprise = new TypeError('told to surprise');
    const setting = new CollectionSetting({
      before: ({ method }) => {
        if (method === 'get') {
          throw surprise;
        }
      },
    });
    await setting.store('one');
    await assert.rejects(setting.collect().ended, surprise);
  });
});
