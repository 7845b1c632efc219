import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { BackingUnavailableError } from '#backing/errors.ts';
import { testsOver } from '#test/tests-over.ts';
import { bodyOf, IN_A_WEEK, listKeys, type OpenObjectStore } from './opened-store.ts';

const DAY_MS = 24 * 3_600_000;

export function describeLife(open: OpenObjectStore, sweeps: boolean): void {
  const test = testsOver(open);
  describe('life', () => {
    test('keeps what has not expired when it sweeps', async ({ store }) => {
      for (const size of [10, 200_000]) {
        await store.put(`kept-${size}`, bodyOf(size), { expiresAt: IN_A_WEEK });
      }
      assert.equal(await store.sweep(new Date(IN_A_WEEK.getTime() - DAY_MS)), 0);
      for (const size of [10, 200_000]) {
        assert.equal((await store.get(`kept-${size}`))?.body.length, size);
      }
    });

    if (sweeps) {
      removesWhatExpired(open);
    }

    test('passes its check while it is open, and can be closed twice', async ({ store }) => {
      await store.check();
      await store[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    });

    test('is unavailable once closed', async ({ store }) => {
      await store.put('a', bodyOf(1), { expiresAt: IN_A_WEEK });
      await store[Symbol.asyncDispose]();
      for (const call of [
        () => store.put('a', bodyOf(1), { expiresAt: IN_A_WEEK }),
        () => store.get('a'),
        () => store.delete('a'),
        () => listKeys(store, ''),
        () => store.sweep(new Date()),
        () => store.check(),
      ]) {
        await assert.rejects(call, BackingUnavailableError);
      }
    });
  });
}

function removesWhatExpired(open: OpenObjectStore): void {
  const test = testsOver(open);
  test('removes what expired when it sweeps', async ({ store }) => {
    const later = new Date(IN_A_WEEK.getTime() + 3 * DAY_MS);
    for (let index = 0; index < 120; index++) {
      const expiresAt = index % 2 === 0 ? IN_A_WEEK : later;
      await store.put(`x/${index}`, bodyOf(index % 10 < 2 ? 150_000 : 10), { expiresAt });
    }
    await store.put('x/0', bodyOf(10), { expiresAt: later });
    const now = new Date(IN_A_WEEK.getTime() + DAY_MS);
    const expired = new Set<string>();
    assert.equal(await store.sweep(now, (key) => expired.add(key)), 59);
    assert.deepEqual([expired.size, expired.has('x/0'), expired.has('x/2')], [59, false, true]);
    assert.equal((await listKeys(store, '')).length, 61);
    assert.ok(await store.get('x/0'));
    assert.equal(await store.get('x/2'), null);
    assert.equal(await store.sweep(now), 0);
  });
}
