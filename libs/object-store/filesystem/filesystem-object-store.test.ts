import assert from 'node:assert/strict';
import { mkdtempDisposable, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { BACKING_DEADLINE_MS } from '#backing/calls.ts';
import { BackingFullError, BackingUnavailableError } from '#backing/errors.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import type { Database } from '#sqlite/database.ts';
import { type OpenDatabaseOptions, openDatabase } from '#sqlite/open-database.ts';
import type { ObjectStore } from '../port.ts';
import { openFilesystemObjectStore } from './open-store.ts';

const EXPIRES_AT = new Date('2100-01-01T00:00:00Z');
const SMALL = new Uint8Array(128 * 1_024).fill(1);
const LARGE = new Uint8Array(128 * 1_024 + 1).fill(2);

describe('files of the object store', () => {
  it('are used for large bodies only, and go when their object is replaced or deleted', async () => {
    await using opened = await open();
    const { store } = opened;
    await store.put('small', SMALL, { expiresAt: EXPIRES_AT });
    assert.deepEqual(await opened.files(), []);
    await store.put('large', LARGE, { expiresAt: EXPIRES_AT });
    const generation = await store.put('large', LARGE, { expiresAt: EXPIRES_AT });
    assert.deepEqual(await opened.files(), [generation]);
    await store.put('large', SMALL, { expiresAt: EXPIRES_AT });
    assert.deepEqual(await opened.files(), []);
    await store.put('large', LARGE, { expiresAt: EXPIRES_AT });
    await store.delete('large');
    assert.deepEqual(await opened.files(), []);
    const bodies = await opened.database.read({ sql: 'SELECT generation FROM object_bodies' });
    assert.equal(bodies.length, 1);
  });

  it('that nothing refers to are removed by the first sweep after a restart, and no others', async () => {
    await using opened = await open();
    await opened.store.put('kept', LARGE, { expiresAt: EXPIRES_AT });
    const [kept] = await opened.files();
    await writeFile(join(opened.folder, '999999'), 'left behind');
    await writeFile(join(opened.folder, 'README'), 'not ours');
    const store = await opened.reopen();
    await store.put('new', LARGE, { expiresAt: EXPIRES_AT });
    assert.equal(await store.sweep(new Date()), 0);
    const files = await opened.files();
    assert.equal(files.length, 3);
    assert.ok(kept && files.includes(kept) && files.includes('README'));
    assert.deepEqual((await store.get('kept'))?.body, LARGE);
    assert.deepEqual((await store.get('new'))?.body, LARGE);
  });

  it('stay while a large body is being put and another sweeps', async () => {
    await using opened = await open();
    const store = await opened.reopen();
    const puts = Array.from({ length: 20 }, (_, index) =>
      store.put(`large/${index}`, LARGE, { expiresAt: EXPIRES_AT }),
    );
    for (let sweeps = 0; sweeps < 5; sweeps++) {
      await store.sweep(new Date());
    }
    await Promise.all(puts);
    await store.sweep(new Date());
    for (let index = 0; index < puts.length; index++) {
      assert.deepEqual((await store.get(`large/${index}`))?.body, LARGE);
    }
  });

  it('whose row could not be written in time are kept or removed by what became of the row', async () => {
    const clock = new ManualClock();
    await using opened = await open({ clock, deadlineMs: 1_000 });
    const { store, database } = opened;
    const write = database.write.bind(database);
    database.write = (statements) => {
      const answer = write(statements);
      clock.advance(1_000);
      return answer;
    };
    const unanswered = store.put('late', LARGE, { expiresAt: EXPIRES_AT });
    await assert.rejects(unanswered, BackingUnavailableError);
    database.write = write;
    await store.sweep(new Date(0));
    assert.deepEqual((await store.get('late'))?.body, LARGE);
    assert.equal((await opened.files()).length, 1);
  });

  it('that are missing make the object unavailable, not absent', async () => {
    await using opened = await open();
    await opened.store.put('lost', LARGE, { expiresAt: EXPIRES_AT });
    await rm(join(opened.folder, (await opened.files())[0] ?? ''));
    await assert.rejects(opened.store.get('lost'), BackingUnavailableError);
    await opened.store.put('lost', SMALL, { expiresAt: EXPIRES_AT });
    assert.deepEqual((await opened.store.get('lost'))?.body, SMALL);
  });

  it('that cannot be written make the store unavailable, and leave the old object in place', async () => {
    await using opened = await open();
    await opened.store.put('old', SMALL, { expiresAt: EXPIRES_AT });
    await rm(opened.folder, { recursive: true });
    const put = opened.store.put('old', LARGE, { expiresAt: EXPIRES_AT });
    await assert.rejects(put, BackingUnavailableError);
    assert.deepEqual((await opened.store.get('old'))?.body, SMALL);
  });
});

describe('the object store', () => {
  it('is full when the database is, keeps what it has, and leaves no file behind', async () => {
    await using opened = await open({ maxFileOctets: 400_000 });
    const { store } = opened;
    const put = (key: string, body: Uint8Array) => store.put(key, body, { expiresAt: EXPIRES_AT });
    const keys: string[] = [];
    await assert.rejects(async () => {
      for (;;) {
        await put(`small/${keys.length}`, SMALL);
        keys.push(`small/${keys.length}`);
      }
    }, BackingFullError);
    await assert.rejects(async () => {
      for (let index = 0; ; index++) {
        await put(`large/${'x'.repeat(400)}/${index}`, LARGE);
      }
    }, BackingFullError);
    const large = await Array.fromAsync(store.list('large/'));
    assert.equal((await opened.files()).length, large.length);
    for (const key of keys) {
      assert.deepEqual((await store.get(key))?.body, SMALL);
    }
    await store.delete(keys[0] ?? '');
    await put('small/again', SMALL);
  });

  it('is unavailable while its database is closed', async () => {
    await using opened = await open();
    await opened.database[Symbol.asyncDispose]();
    await assert.rejects(opened.store.check(), BackingUnavailableError);
    const put = opened.store.put('a', LARGE, { expiresAt: EXPIRES_AT });
    await assert.rejects(put, BackingUnavailableError);
    assert.deepEqual(await opened.files(), []);
  });

  it('never gives a generation again after a restart', async () => {
    await using opened = await open();
    const generations = new Set<string>();
    let { store } = opened;
    for (let round = 0; round < 3; round++) {
      generations.add(await store.put('again', SMALL, { expiresAt: EXPIRES_AT }));
      await store.delete('again');
      store = await opened.reopen();
    }
    assert.equal(generations.size, 3);
  });
});

interface OpenedStore extends AsyncDisposable {
  readonly store: ObjectStore;
  readonly database: Database;
  readonly folder: string;
  files(): Promise<string[]>;
  /** Opens the store again, as after a restart, over the same database. */
  reopen(): Promise<ObjectStore>;
}

async function open(options: Partial<OpenDatabaseOptions> = {}): Promise<OpenedStore> {
  await using opened = new AsyncDisposableStack();
  const { path } = opened.use(await mkdtempDisposable(join(tmpdir(), 'awala-objects-')));
  const deadlineMs = BACKING_DEADLINE_MS;
  const database = opened.use(
    await openDatabase(join(path, 'gateway.db'), { deadlineMs, ...options }),
  );
  const folder = join(path, 'objects');
  const openStore = () => openFilesystemObjectStore({ database, folder, deadlineMs });
  const store = opened.use(await openStore());
  const owned = opened.move();
  return {
    store,
    database,
    folder,
    files: async () => (await readdir(folder)).sort(),
    reopen: async () => owned.use(await openStore()),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
