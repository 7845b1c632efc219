import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '#sqlite/open-database.ts';
import { describeObjectStore } from '../contract.ts';
import { openFilesystemObjectStore } from './open-store.ts';

describeObjectStore('the object store in a database and files', async () => {
  await using opened = new AsyncDisposableStack();
  const { path } = opened.use(await mkdtempDisposable(join(tmpdir(), 'awala-objects-')));
  const database = opened.use(await openDatabase(join(path, 'gateway.db')));
  const folder = join(path, 'objects');
  const store = opened.use(await openFilesystemObjectStore({ database, folder, pageSize: 50 }));
  const owned = opened.move();
  return { store, [Symbol.asyncDispose]: () => owned.disposeAsync() };
});
