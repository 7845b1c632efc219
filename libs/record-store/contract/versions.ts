import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { type OpenRecordStore, SESSIONS, today } from './opened-store.ts';

export function describeVersions(open: OpenRecordStore): void {
  describe('versions', () => {
    it('creates a record once, and leaves the one that is there', async () => {
      await using opened = await open(new ManualClock(today()));
      assert.equal(await opened.store.create(SESSIONS, 'one', { step: 1 }), true);
      assert.equal(await opened.store.create(SESSIONS, 'one', { step: 2 }), false);
      assert.equal((await opened.store.get(SESSIONS, 'one'))?.fields.step, 1);
    });

    it('shows exactly one of several callers that it created the record', async () => {
      await using opened = await open(new ManualClock(today()));
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, step) => opened.store.create(SESSIONS, 'race', { step })),
      );
      assert.equal(answers.filter((created) => created).length, 1);
      const stored = await opened.store.get(SESSIONS, 'race');
      assert.equal(stored?.fields.step, answers.indexOf(true));
    });

    it('writes over what is there, or is not, when no version is named', async () => {
      await using opened = await open(new ManualClock(today()));
      assert.equal(await opened.store.set(SESSIONS, 'over', { step: 1 }), true);
      assert.equal(await opened.store.set(SESSIONS, 'over', { step: 2 }), true);
      assert.equal((await opened.store.get(SESSIONS, 'over'))?.fields.step, 2);
    });

    it('writes only over the version that is named', async () => {
      await using opened = await open(new ManualClock(today()));
      const { store } = opened;
      await store.set(SESSIONS, 'guarded', { step: 1 });
      const first = (await store.get(SESSIONS, 'guarded'))?.version ?? '';
      assert.equal(await store.set(SESSIONS, 'guarded', { step: 2 }, { ifVersion: first }), true);
      assert.equal(await store.set(SESSIONS, 'guarded', { step: 3 }, { ifVersion: first }), false);
      assert.equal((await store.get(SESSIONS, 'guarded'))?.fields.step, 2);
      assert.equal(await store.set(SESSIONS, 'absent', { step: 1 }, { ifVersion: first }), false);
      assert.equal(await store.get(SESSIONS, 'absent'), null);
    });

    it('lets exactly one of several callers write over the version they all read', async () => {
      await using opened = await open(new ManualClock(today()));
      await opened.store.set(SESSIONS, 'race', { step: -1 });
      const ifVersion = (await opened.store.get(SESSIONS, 'race'))?.version ?? '';
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, step) =>
          opened.store.set(SESSIONS, 'race', { step }, { ifVersion }),
        ),
      );
      assert.equal(answers.filter((written) => written).length, 1);
      const stored = await opened.store.get(SESSIONS, 'race');
      assert.equal(stored?.fields.step, answers.indexOf(true));
    });

    it('gives every write its own version, also after a deletion', async () => {
      await using opened = await open(new ManualClock(today()));
      const versions = new Set<string>();
      for (let round = 0; round < 4; round++) {
        await opened.store.set(SESSIONS, 'versions', { step: 1 });
        versions.add((await opened.store.get(SESSIONS, 'versions'))?.version ?? '');
        await opened.store.set(SESSIONS, 'versions', { step: 1 });
        versions.add((await opened.store.get(SESSIONS, 'versions'))?.version ?? '');
        await opened.store.delete(SESSIONS, 'versions');
      }
      assert.equal(versions.size, 8);
    });

    it('deletes a record, only in the version that is named if one is', async () => {
      await using opened = await open(new ManualClock(today()));
      const { store } = opened;
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

    it('takes a version that never was for one that is not stored', async () => {
      await using opened = await open(new ManualClock(today()));
      await opened.store.set(SESSIONS, 'odd', { step: 1 });
      const ifVersion = 'no-version';
      assert.equal(await opened.store.set(SESSIONS, 'odd', { step: 2 }, { ifVersion }), false);
      assert.equal(await opened.store.delete(SESSIONS, 'odd', { ifVersion }), false);
    });
  });
}
