import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { type OpenRecordStore, SESSIONS, testsOverStore } from './opened-store.ts';

export function describeVersions(open: OpenRecordStore): void {
  const test = testsOverStore(open);
  describe('versions', () => {
    test('creates a record once, and leaves the one that is there', async ({ store }) => {
      assert.equal(await store.create(SESSIONS, 'one', { step: 1 }), true);
      assert.equal(await store.create(SESSIONS, 'one', { step: 2 }), false);
      assert.equal((await store.get(SESSIONS, 'one'))?.fields.step, 1);
    });

    test('shows exactly one of several callers that it created the record', async ({ store }) => {
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, step) => store.create(SESSIONS, 'race', { step })),
      );
      assert.equal(answers.filter((created) => created).length, 1);
      const stored = await store.get(SESSIONS, 'race');
      assert.equal(stored?.fields.step, answers.indexOf(true));
    });

    test('writes over what is there, or is not, when no version is named', async ({ store }) => {
      assert.equal(await store.set(SESSIONS, 'over', { step: 1 }), true);
      assert.equal(await store.set(SESSIONS, 'over', { step: 2 }), true);
      assert.equal((await store.get(SESSIONS, 'over'))?.fields.step, 2);
    });

    test('writes only over the version that is named', async ({ store }) => {
      await store.set(SESSIONS, 'guarded', { step: 1 });
      const first = (await store.get(SESSIONS, 'guarded'))?.version ?? '';
      assert.equal(await store.set(SESSIONS, 'guarded', { step: 2 }, { ifVersion: first }), true);
      assert.equal(await store.set(SESSIONS, 'guarded', { step: 3 }, { ifVersion: first }), false);
      assert.equal((await store.get(SESSIONS, 'guarded'))?.fields.step, 2);
      assert.equal(await store.set(SESSIONS, 'absent', { step: 1 }, { ifVersion: first }), false);
      assert.equal(await store.get(SESSIONS, 'absent'), null);
    });

    test('lets exactly one of several callers write over the version they all read', async ({
      store,
    }) => {
      await store.set(SESSIONS, 'race', { step: -1 });
      const ifVersion = (await store.get(SESSIONS, 'race'))?.version ?? '';
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, step) =>
          store.set(SESSIONS, 'race', { step }, { ifVersion }),
        ),
      );
      assert.equal(answers.filter((written) => written).length, 1);
      const stored = await store.get(SESSIONS, 'race');
      assert.equal(stored?.fields.step, answers.indexOf(true));
    });

    test('gives every write its own version, also after a deletion', async ({ store }) => {
      const versions = new Set<string>();
      for (let round = 0; round < 4; round++) {
        await store.set(SESSIONS, 'versions', { step: 1 });
        versions.add((await store.get(SESSIONS, 'versions'))?.version ?? '');
        await store.set(SESSIONS, 'versions', { step: 1 });
        versions.add((await store.get(SESSIONS, 'versions'))?.version ?? '');
        await store.delete(SESSIONS, 'versions');
      }
      assert.equal(versions.size, 8);
    });

    test('deletes a record, only in the version that is named if one is', async ({ store }) => {
      await store.set(SESSIONS, 'gone', { step: 1 });
      const first = (await store.get(SESSIONS, 'gone'))?.version ?? '';
      await store.set(SESSIONS, 'gone', { step: 2 });
      const second = (await store.get(SESSIONS, 'gone'))?.version ?? '';
      assert.equal(await store.delete(SESSIONS, 'gone', { ifVersion: first }), false);
      assert.equal(await store.delete(SESSIONS, 'gone', { ifVersion: second }), true);
      assert.equal(await store.delete(SESSIONS, 'gone', { ifVersion: second }), false);
      assert.equal(await store.delete(SESSIONS, 'gone'), false);
      assert.equal(await store.get(SESSIONS, 'gone'), null);
    });

    test('takes a version that never was for one that is not stored', async ({ store }) => {
      await store.set(SESSIONS, 'odd', { step: 1 });
      const ifVersion = 'no-version';
      assert.equal(await store.set(SESSIONS, 'odd', { step: 2 }, { ifVersion }), false);
      assert.equal(await store.delete(SESSIONS, 'odd', { ifVersion }), false);
    });
  });
}
