import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { testsOver } from '#test/tests-over.ts';
import type { ObjectStore } from '../port.ts';
import { bodyOf, IN_A_WEEK, type OpenObjectStore } from './opened-store.ts';

const HOLDER = 'f'.repeat(64);

/** For stores that tell their holdings. */
export function describeHoldings(open: OpenObjectStore): void {
  const test = testsOver(open);
  const put = (store: ObjectStore, key: string, octets: number, holder?: string) =>
    store.put(key, bodyOf(octets), { expiresAt: IN_A_WEEK, ...(holder && { holder }) });

  async function assertHeld(store: ObjectStore, objects: number, octets: number): Promise<void> {
    const held = await store.holdings?.(HOLDER);
    assert.deepEqual([held?.objects, held?.octets], [objects, octets]);
  }

  describe('holdings', () => {
    test('are what was stored for a holder, under whichever keys', async ({ store }) => {
      await assertHeld(store, 0, 0);
      await put(store, 'a/1', 10, HOLDER);
      await put(store, 'b/2', 200_000, HOLDER);
      await put(store, 'a/3', 7, 'another');
      await put(store, 'a/4', 7);
      await assertHeld(store, 2, 200_010);
    });

    test('change with what is replaced', async ({ store }) => {
      await put(store, 'a', 10, HOLDER);
      await put(store, 'a', 20, HOLDER);
      await assertHeld(store, 1, 20);
      await put(store, 'a', 30, 'another');
      await assertHeld(store, 0, 0);
      await put(store, 'a', 40, HOLDER);
      await put(store, 'a', 50);
      await assertHeld(store, 0, 0);
    });

    test('end with what is deleted or expires', async ({ store }) => {
      const generation = await put(store, 'a', 10, HOLDER);
      await put(store, 'b', 20, HOLDER);
      await put(store, 'c', 40, HOLDER);
      await store.delete('a', { generation: `${generation}0` });
      await assertHeld(store, 3, 70);
      await store.delete('a', { generation });
      await store.delete('b');
      await store.delete('b');
      await assertHeld(store, 1, 40);
      await store.sweep(new Date(IN_A_WEEK.getTime() + 1));
      await assertHeld(store, 0, 0);
    });
  });
}
