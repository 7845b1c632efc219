import { join } from 'node:path';
import { BACKING_DEADLINE_MS } from '#backing/calls.ts';
import { databaseForTests } from '#sqlite/fixtures/database-for-tests.ts';
import { describeObjectStore } from '../contract.ts';
import { openFilesystemObjectStore } from './open-store.ts';

const emptied = databaseForTests();
let stores = 0;

describeObjectStore(
  'the object store in a database and files',
  async () => {
    const { database, path } = await emptied();
    stores += 1;
    const folder = join(path, `objects-${stores}`);
    const store = await openFilesystemObjectStore({
      database,
      folder,
      pageSize: 50,
      deadlineMs: BACKING_DEADLINE_MS,
    });
    return { store, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
  },
  { tellsHoldings: true },
);
