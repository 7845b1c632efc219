import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bodyOf, IN_A_WEEK, listKeys, type OpenObjectStore } from './opened-store.ts';

export function describeDeletion(open: OpenObjectStore): void {
  describe('deletion', () => {
    it('deletes whatever is stored when no generation is named', async () => {
      await using opened = await open();
      for (const size of [10, 200_000]) {
        await opened.store.put('gone', bodyOf(size), { expiresAt: IN_A_WEEK });
        assert.equal(await opened.store.delete('gone'), true);
        assert.equal(await opened.store.get('gone'), null);
        assert.equal(await opened.store.delete('gone'), false);
      }
      assert.deepEqual(await listKeys(opened.store, ''), []);
    });

    it('deletes the named generation only, never a newer one', async () => {
      await using opened = await open();
      for (const size of [10, 200_000]) {
        const key = `kept-${size}`;
        const first = await opened.store.put(key, bodyOf(size), { expiresAt: IN_A_WEEK });
        const second = await opened.store.put(key, bodyOf(size), { expiresAt: IN_A_WEEK });
        assert.equal(await opened.store.delete(key, { generation: first }), false);
        assert.equal((await opened.store.get(key))?.generation, second);
        assert.equal(await opened.store.delete(key, { generation: second }), true);
        assert.equal(await opened.store.get(key), null);
      }
    });

    it('never uses a generation twice for one key, not even after a deletion', async () => {
      await using opened = await open();
      const seen = new Set<string>();
      for (let round = 0; round < 5; round++) {
        seen.add(await opened.store.put('again', bodyOf(10), { expiresAt: IN_A_WEEK }));
        await opened.store.delete('again');
      }
      assert.equal(seen.size, 5);
    });

    it('tells exactly one of several callers that it deleted the object', async () => {
      await using opened = await open();
      const generation = await opened.store.put('once', bodyOf(10), { expiresAt: IN_A_WEEK });
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => opened.store.delete('once', { generation })),
      );
      assert.equal(answers.filter((deleted) => deleted).length, 1);
    });

    it('keeps the replacement when it races with the deletion of what it replaces', async () => {
      await using opened = await open();
      for (const size of [10, 200_000]) {
        const old = await opened.store.put('raced', bodyOf(size, 1), { expiresAt: IN_A_WEEK });
        const [, replacement] = await Promise.all([
          opened.store.delete('raced', { generation: old }),
          opened.store.put('raced', bodyOf(size, 2), { expiresAt: IN_A_WEEK }),
        ]);
        const stored = await opened.store.get('raced');
        assert.equal(stored?.generation, replacement);
        assert.equal(Buffer.compare(stored?.body ?? Buffer.of(), bodyOf(size, 2)), 0);
      }
    });
  });
}
