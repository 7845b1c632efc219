import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { BackingUnavailableError } from '#backing/errors.ts';
import { listIds, type OpenRecordStore, SESSIONS, testsOverStore } from './opened-store.ts';

const DAY_MS = 24 * 3_600_000;

export function describeExpiry(open: OpenRecordStore, sweeps: boolean): void {
  const test = testsOverStore(open);
  describe('expiry', () => {
    test('keeps a record until the instant it expires', async ({ store, clock }) => {
      const expiresAt = new Date(clock.now().getTime() + DAY_MS);
      await store.set(SESSIONS, 'brief', { step: 1 }, { expiresAt });
      clock.advance(DAY_MS - 1);
      assert.deepEqual((await store.get(SESSIONS, 'brief'))?.expiresAt, expiresAt);
      clock.advance(1);
      assert.equal(await store.get(SESSIONS, 'brief'), null);
    });

    test('treats an expired record as absent on every method', async ({ store, clock }) => {
      const expiresAt = new Date(clock.now().getTime() + DAY_MS);
      await store.set(SESSIONS, 'over', { step: 1 }, { expiresAt });
      const ifVersion = (await store.get(SESSIONS, 'over'))?.version ?? '';
      clock.advance(DAY_MS);
      assert.equal(await store.set(SESSIONS, 'over', { step: 2 }, { ifVersion }), false);
      assert.equal(await store.delete(SESSIONS, 'over', { ifVersion }), false);
      assert.equal(await store.delete(SESSIONS, 'over'), false);
      assert.deepEqual(await listIds(store, SESSIONS, ''), []);
      const created = await Promise.all(
        [3, 4].map((step) => store.create(SESSIONS, 'over', { step })),
      );
      assert.deepEqual(created.toSorted(), [false, true]);
      const stored = await store.get(SESSIONS, 'over');
      assert.equal(stored?.expiresAt, null);
      assert.notEqual(stored?.version, ifVersion);
    });

    test('replaces the expiry together with the fields', async ({ store, clock }) => {
      const expiresAt = new Date(clock.now().getTime() + DAY_MS);
      await store.set(SESSIONS, 'kept', { step: 1 }, { expiresAt });
      await store.set(SESSIONS, 'kept', { step: 2 });
      clock.advance(2 * DAY_MS);
      assert.equal((await store.get(SESSIONS, 'kept'))?.fields.step, 2);
    });

    if (sweeps) {
      sweepsWhatExpired(open);
    }

    test('passes its check while it is open, can be closed twice, and is unavailable then', async ({
      store,
    }) => {
      await store.check();
      await store[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      for (const call of [
        () => store.create(SESSIONS, 'a', { step: 1 }),
        () => store.get(SESSIONS, 'a'),
        () => store.set(SESSIONS, 'a', { step: 1 }),
        () => store.delete(SESSIONS, 'a'),
        () => listIds(store, SESSIONS, ''),
        () => store.sweep(),
        () => store.check(),
      ]) {
        await assert.rejects(call, BackingUnavailableError);
      }
    });
  });
}

function sweepsWhatExpired(open: OpenRecordStore): void {
  const test = testsOverStore(open);
  test('removes what expired when it sweeps, and nothing else', async ({ store, clock }) => {
    for (let index = 0; index < 60; index++) {
      const expiresAt = new Date(clock.now().getTime() + DAY_MS * (1 + (index % 2)));
      await store.set(SESSIONS, `s${index}`, { step: index }, { expiresAt });
    }
    await store.set(SESSIONS, 'forever', { step: 1 });
    clock.advance(DAY_MS);
    assert.equal(await store.sweep(), 30);
    assert.equal((await listIds(store, SESSIONS, '')).length, 31);
    assert.equal(await store.sweep(), 0);
  });
}
