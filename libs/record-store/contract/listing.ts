import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { listIds, type OpenRecordStore, PEERS, SESSIONS, testsOverStore } from './opened-store.ts';

export function describeListing(open: OpenRecordStore): void {
  const test = testsOverStore(open);
  describe('listing', () => {
    test('yields what starts with the prefix, in ascending order of id, as it is stored', async ({
      store,
    }) => {
      const ascending = ['a', 'a-b', 'a.b', 'a/b', 'a/c', 'a0', 'a:b', 'aB', 'ab', 'b/a'];
      for (const [step, id] of [...ascending.entries()].toReversed()) {
        await store.set(SESSIONS, id, { step });
      }
      await store.set(PEERS, 'a/x', { step: 1 });
      assert.deepEqual(await listIds(store, SESSIONS, ''), ascending);
      assert.deepEqual(await listIds(store, SESSIONS, 'a/'), ['a/b', 'a/c']);
      assert.deepEqual(await listIds(store, SESSIONS, 'c'), []);
      const [listed] = await Array.fromAsync(store.list(SESSIONS, 'b/'));
      assert.deepEqual(listed, await store.get(SESSIONS, 'b/a'));
    });

    test('yields only what is behind where it is told to start, whether that is there or not', async ({
      store,
    }) => {
      for (const id of ['a/b', 'a/c', 'a/d', 'b/a', 'b/b', 'c/a']) {
        await store.set(SESSIONS, id, { step: 1 });
      }
      const after = async (prefix: string, startAfter: string) => {
        const records = await Array.fromAsync(store.list(SESSIONS, prefix, { startAfter }));
        return records.map(({ id }) => id);
      };
      assert.deepEqual(await after('a/', 'a/b'), ['a/c', 'a/d']);
      assert.deepEqual(await after('a/', 'a/bb'), ['a/c', 'a/d']);
      assert.deepEqual(await after('a/', 'a/d'), []);
      assert.deepEqual(await after('b/', 'a/d'), ['b/a', 'b/b']);
      assert.deepEqual(await after('b/', 'c'), []);
      assert.deepEqual(await after('', 'b'), ['b/a', 'b/b', 'c/a']);
      await assert.rejects(after('', 'not an id'), TypeError);
    });

    test('yields every record once, over many pages', async ({ store }) => {
      const ids = Array.from(
        { length: 130 },
        (_, index) => `many/${String(index).padStart(4, '0')}`,
      );
      await Promise.all(ids.map((id, step) => store.set(SESSIONS, id, { step })));
      assert.deepEqual(await listIds(store, SESSIONS, 'many/'), ids);
    });

    test('goes on when records are deleted meanwhile', async ({ store }) => {
      const ids = Array.from({ length: 70 }, (_, index) => `del/${String(index).padStart(4, '0')}`);
      await Promise.all(ids.map((id, step) => store.set(SESSIONS, id, { step })));
      const seen: string[] = [];
      for await (const { id } of store.list(SESSIONS, 'del/')) {
        seen.push(id);
        await store.delete(SESSIONS, id);
      }
      assert.deepEqual(seen, ids);
    });

    test('can be left early, and aborted with the reason of the signal', async ({ store }) => {
      for (const id of ['a', 'b', 'c']) {
        await store.set(SESSIONS, id, { step: 1 });
      }
      for await (const _ of store.list(SESSIONS, '')) {
        break;
      }
      const aborter = new AbortController();
      const reason = new Error('enough');
      await assert.rejects(async () => {
        for await (const _ of store.list(SESSIONS, '', { signal: aborter.signal })) {
          aborter.abort(reason);
        }
      }, reason);
    });
  });
}
