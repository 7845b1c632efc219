import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { testsOver } from '#test/tests-over.ts';
import { bodyOf, IN_A_WEEK, listKeys, type OpenObjectStore } from './opened-store.ts';

export function describeDeletion(open: OpenObjectStore): void {
  const test = testsOver(open);
  describe('deletion', () => {
    test('deletes whatever is stored when no generation is named', async ({ store }) => {
      for (const size of [10, 200_000]) {
        await store.put('gone', bodyOf(size), { expiresAt: IN_A_WEEK });
        assert.equal(await store.delete('gone'), true);
        assert.equal(await store.get('gone'), null);
        assert.equal(await store.delete('gone'), false);
      }
      assert.deepEqual(await listKeys(store, ''), []);
    });

    test('deletes the named generation only, never a newer one', async ({ store }) => {
      for (const size of [10, 200_000]) {
        const key = `kept-${size}`;
        const first = await store.put(key, bodyOf(size), { expiresAt: IN_A_WEEK });
        const second = await store.put(key, bodyOf(size), { expiresAt: IN_A_WEEK });
        assert.equal(await store.delete(key, { generation: first }), false);
        assert.equal((await store.get(key))?.generation, second);
        assert.equal(await store.delete(key, { generation: second }), true);
        assert.equal(await store.get(key), null);
      }
    });

    test('never uses a generation twice for one key, not even after a deletion', async ({
      store,
    }) => {
      const seen = new Set<string>();
      for (let round = 0; round < 5; round++) {
        seen.add(await store.put('again', bodyOf(10), { expiresAt: IN_A_WEEK }));
        await store.delete('again');
      }
      assert.equal(seen.size, 5);
    });

    test('tells exactly one of several callers that it deleted the object', async ({ store }) => {
      const generation = await store.put('once', bodyOf(10), { expiresAt: IN_A_WEEK });
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => store.delete('once', { generation })),
      );
      assert.equal(answers.filter((deleted) => deleted).length, 1);
    });

    test('keeps the replacement when it races with the deletion of what it replaces', async ({
      store,
    }) => {
      for (const size of [10, 200_000]) {
        const old = await store.put('raced', bodyOf(size, 1), { expiresAt: IN_A_WEEK });
        const [, replacement] = await Promise.all([
          store.delete('raced', { generation: old }),
          store.put('raced', bodyOf(size, 2), { expiresAt: IN_A_WEEK }),
        ]);
        const stored = await store.get('raced');
        assert.equal(stored?.generation, replacement);
        assert.equal(Buffer.compare(stored?.body ?? Buffer.of(), bodyOf(size, 2)), 0);
      }
    });
  });
}
