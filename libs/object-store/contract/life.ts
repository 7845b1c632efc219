import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BackingUnavailableError } from '#backing/errors.ts';
import { bodyOf, IN_A_WEEK, listKeys, type OpenObjectStore } from './opened-store.ts';

const DAY_MS = 24 * 3_600_000;

export function describeLife(open: OpenObjectStore, sweeps: boolean): void {
  describe('life', () => {
    it('keeps what has not expired when it sweeps', async () => {
      await using opened = await open();
      for (const size of [10, 200_000]) {
        await opened.store.put(`kept-${size}`, bodyOf(size), { expiresAt: IN_A_WEEK });
      }
      assert.equal(await opened.store.sweep(new Date(IN_A_WEEK.getTime() - DAY_MS)), 0);
      for (const size of [10, 200_000]) {
        assert.equal((await opened.store.get(`kept-${size}`))?.body.length, size);
      }
    });

    if (sweeps) {
      removesWhatExpired(open);
    }

    it('passes its check while it is open, and can be closed twice', async () => {
      await using opened = await open();
      await opened.store.check();
      await opened.store[Symbol.asyncDispose]();
      await opened.store[Symbol.asyncDispose]();
    });

    it('is unavailable once closed', async () => {
      await using opened = await open();
      const { store } = opened;
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
  it('removes what expired when it sweeps', async () => {
    await using opened = await open();
    const later = new Date(IN_A_WEEK.getTime() + 3 * DAY_MS);
    for (let index = 0; index < 120; index++) {
      const expiresAt = index % 2 === 0 ? IN_A_WEEK : later;
      await opened.store.put(`x/${index}`, bodyOf(index % 10 < 2 ? 150_000 : 10), { expiresAt });
    }
    await opened.store.put('x/0', bodyOf(10), { expiresAt: later });
    const now = new Date(IN_A_WEEK.getTime() + DAY_MS);
    const expired = new Set<string>();
    assert.equal(await opened.store.sweep(now, (key) => expired.add(key)), 59);
    assert.deepEqual([expired.size, expired.has('x/0'), expired.has('x/2')], [59, false, true]);
    assert.equal((await listKeys(opened.store, '')).length, 61);
    assert.ok(await opened.store.get('x/0'));
    assert.equal(await opened.store.get('x/2'), null);
    assert.equal(await opened.store.sweep(now), 0);
  });
}
