import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { testsOver } from '#test/tests-over.ts';
import { bodyOf, IN_A_WEEK, listKeys, type OpenObjectStore } from './opened-store.ts';

const INVALID_KEYS = [
  '',
  '/',
  '/a',
  'a/',
  'a//b',
  '.',
  '..',
  '../a',
  'a/..',
  'a/../b',
  'a/./b',
  'a\\b',
  'a b',
  'a\0b',
  'a\nb',
  'a\n',
  'é',
  'a%2fb',
  'a:b',
  'a*',
  'x'.repeat(513),
];

export function describeKeys(open: OpenObjectStore): void {
  const test = testsOver(open);
  describe('keys', () => {
    test('refuses a key that is not one, on every method, as the fault of the caller', async ({
      store,
    }) => {
      for (const key of INVALID_KEYS) {
        const shown = JSON.stringify(key.slice(0, 20));
        await assert.rejects(store.put(key, bodyOf(1), { expiresAt: IN_A_WEEK }), TypeError, shown);
        await assert.rejects(store.get(key), TypeError, shown);
        await assert.rejects(store.delete(key), TypeError, shown);
      }
      for (const prefix of ['/', '//', 'a b', '%', '*', 'x'.repeat(513)]) {
        await assert.rejects(listKeys(store, prefix), TypeError, prefix.slice(0, 20));
      }
      assert.deepEqual(await listKeys(store, ''), []);
    });

    test('refuses an expiry that is no time', async ({ store }) => {
      const expiresAt = new Date(Number.NaN);
      await assert.rejects(store.put('a', bodyOf(1), { expiresAt }), TypeError);
    });

    test('takes keys that look odd but are valid', async ({ store }) => {
      const keys = ['...', '..a', '.a', '-', '_', 'CON', 'a/.../b', 'k'.repeat(512), 'a.tmp'];
      for (const key of keys) {
        await store.put(key, bodyOf(3), { expiresAt: IN_A_WEEK });
        assert.ok(await store.get(key), key);
      }
    });

    test('tells keys apart that differ in case only, or extend one another', async ({ store }) => {
      const keys = ['case/Key', 'case/key', 'case/KEY', 'case', 'case/key/deeper', 'case/key.'];
      for (const [seed, key] of keys.entries()) {
        await store.put(key, bodyOf(160_000 * (seed % 2) + 5, seed), {
          expiresAt: IN_A_WEEK,
        });
      }
      for (const [seed, key] of keys.entries()) {
        assert.equal((await store.get(key))?.body[0], seed, key);
      }
    });

    test('answers an absent object with an ordinary result', async ({ store }) => {
      assert.equal(await store.get('absent'), null);
      assert.equal(await store.delete('absent'), false);
      assert.equal(await store.delete('absent', { generation: '1' }), false);
      assert.equal(await store.delete('absent', { generation: 'not-a-generation' }), false);
    });
  });
}
