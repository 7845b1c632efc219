import assert from 'node:assert/strict';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { BACKING_DEADLINE_MS } from '#backing/calls.ts';
import { type Migration, migrate } from './migrate.ts';
import { openDatabase } from './open-database.ts';

const FIRST: Migration = ['CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)'];
const SECOND: Migration = [
  "ALTER TABLE notes ADD COLUMN author TEXT NOT NULL DEFAULT 'nobody'",
  "INSERT INTO notes (text) VALUES ('second')",
];

describe('migrate', () => {
  it('takes each step once, and keeps the components apart', async () => {
    await using opened = await open();
    const { database } = opened;
    await migrate(database, 'notes', [FIRST]);
    await database.write([{ sql: "INSERT INTO notes (text) VALUES ('first')" }]);
    await migrate(database, 'notes', [FIRST, SECOND]);
    await migrate(database, 'notes', [FIRST, SECOND]);
    await migrate(database, 'others', [['CREATE TABLE others (id INTEGER)']]);
    const rows = await database.read({ sql: 'SELECT text, author FROM notes ORDER BY id' });
    assert.deepEqual(rows, [
      { text: 'first', author: 'nobody' },
      { text: 'second', author: 'nobody' },
    ]);
  });

  it('takes all steps or none', async () => {
    await using opened = await open();
    const { database } = opened;
    await assert.rejects(migrate(database, 'notes', [FIRST, ['ALTER TABLE absent RENAME TO x']]));
    await migrate(database, 'notes', [FIRST, SECOND]);
    assert.equal((await database.read({ sql: 'SELECT * FROM notes' })).length, 1);
  });

  it('refuses tables that a newer version has written', async () => {
    await using opened = await open();
    await migrate(opened.database, 'notes', [FIRST, SECOND]);
    await assert.rejects(migrate(opened.database, 'notes', [FIRST]), /newer version/);
  });
});

async function open() {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await mkdtempDisposable(join(tmpdir(), 'awala-migrate-')));
  const path = join(folder.path, 'gateway.db');
  const database = stack.use(await openDatabase(path, { deadlineMs: BACKING_DEADLINE_MS }));
  const owned = stack.move();
  return { database, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
