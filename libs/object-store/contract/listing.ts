import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { testsOver } from '#test/tests-over.ts';
import type { ObjectStore } from '../port.ts';
import { bodyOf, IN_A_WEEK, listAll, listKeys, type OpenObjectStore } from './opened-store.ts';

/** More than two pages of 50. */
const MANY = 130;

export function describeListing(open: OpenObjectStore): void {
  const test = testsOver(open);
  describe('listing', () => {
    test('describes each object as it is stored', async ({ store }) => {
      const small = await store.put('list/a', bodyOf(7), { expiresAt: IN_A_WEEK });
      const later = new Date(IN_A_WEEK.getTime() + 5_000);
      const large = await store.put('list/b', bodyOf(200_000), { expiresAt: later });
      const entries = await listAll(store, 'list/');
      assert.ok(
        entries.every(({ storedAt }) => storedAt instanceof Date && storedAt.getTime() > 0),
      );
      const described = entries.map(({ storedAt: _, ...others }) => others);
      assert.deepEqual(described, [
        { key: 'list/a', generation: small, expiresAt: IN_A_WEEK, sizeOctets: 7 },
        { key: 'list/b', generation: large, expiresAt: later, sizeOctets: 200_000 },
      ]);
    });

    test('yields keys in ascending order of their octets', async ({ store }) => {
      const ascending = ['a-b', 'a.b', 'a/b', 'a0', 'aB', 'a_b', 'aa', 'b'];
      await putAll(store, ascending.toReversed());
      assert.deepEqual(await listKeys(store, ''), ascending);
    });

    test('yields what starts with the prefix, taken literally, and nothing else', async ({
      store,
    }) => {
      await putAll(store, ['p/a', 'p/a/b', 'p/ab', 'p/b', 'p_/a', 'pq/a', 'P/a', 'p']);
      assert.deepEqual(await listKeys(store, 'p/'), ['p/a', 'p/a/b', 'p/ab', 'p/b']);
      assert.deepEqual(await listKeys(store, 'p/a'), ['p/a', 'p/a/b', 'p/ab']);
      assert.deepEqual(await listKeys(store, 'p_'), ['p_/a']);
      assert.deepEqual(await listKeys(store, 'q'), []);
    });

    test('yields every object once, over many pages', async ({ store }) => {
      const keys = manyKeys('pages');
      await putAll(store, [...keys, 'other/a', 'pagesz/b']);
      assert.deepEqual(await listKeys(store, 'pages/'), keys);
    });

    test('starts after the given key, which need not exist', async ({ store }) => {
      const keys = manyKeys('after');
      await putAll(store, keys);
      const from = (startAfter: string) => listKeys(store, 'after/', { startAfter });
      assert.deepEqual(await from(keys[99] ?? ''), keys.slice(100));
      assert.deepEqual(await from(`${keys[99]}-more`), keys.slice(100));
      assert.deepEqual(await from('a'), keys);
      assert.deepEqual(await from(keys.at(-1) ?? ''), []);
      assert.deepEqual(await from('b'), []);
    });

    test('goes on when objects are deleted and written meanwhile', async ({ store }) => {
      const keys = manyKeys('moving');
      await putAll(store, keys);
      const seen: string[] = [];
      for await (const { key, generation } of store.list('moving/')) {
        seen.push(key);
        await store.delete(key, { generation });
        if (seen.length === 10) {
          await store.put('moving/zz', bodyOf(1), { expiresAt: IN_A_WEEK });
        }
      }
      assert.deepEqual(
        seen.filter((key) => key !== 'moving/zz'),
        keys,
      );
    });

    test('can be left early, and aborted with the reason of the signal', async ({ store }) => {
      await putAll(store, manyKeys('stop'));
      for await (const _ of store.list('stop/')) {
        break;
      }
      const aborter = new AbortController();
      const reason = new Error('enough');
      const seen: string[] = [];
      await assert.rejects(async () => {
        for await (const { key } of store.list('stop/', { signal: aborter.signal })) {
          seen.push(key);
          aborter.abort(reason);
        }
      }, reason);
      assert.equal(seen.length, 1);
    });
  });
}

function manyKeys(folder: string): string[] {
  return Array.from({ length: MANY }, (_, index) => `${folder}/${String(index).padStart(4, '0')}`);
}

async function putAll(store: ObjectStore, keys: readonly string[]): Promise<void> {
  await Promise.all(keys.map((key) => store.put(key, bodyOf(3), { expiresAt: IN_A_WEEK })));
}
