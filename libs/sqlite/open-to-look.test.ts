import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempDisposable, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { migrate, readLayouts } from './migrate.ts';
import { openDatabase, openToLook } from './open-database.ts';

const OPTIONS = { deadlineMs: 10_000 };

describe('openToLook', () => {
  it('reads a database that nobody has open, and leaves no file beside it', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'awala-look-'));
    const path = join(folder.path, 'x.db');
    {
      await using database = await openDatabase(path, OPTIONS);
      await migrate(database, 'things', [['CREATE TABLE things (id INTEGER)'], []]);
    }
    const before = await readdir(folder.path);
    {
      await using seen = await openToLook(path, OPTIONS);
      assert.deepEqual(await readLayouts(seen), new Map([['things', 2]]));
      await assert.rejects(seen.write([{ sql: 'DELETE FROM things' }]), {
        code: 'STATEMENT_FAILED',
      });
    }
    assert.deepEqual(await readdir(folder.path), before);
  });

  it('sees what its owner wrote last', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'awala-look-'));
    const path = join(folder.path, 'x.db');
    await using database = await openDatabase(path, OPTIONS);
    await database.write([{ sql: 'CREATE TABLE t (a)' }, { sql: 'INSERT INTO t VALUES (7)' }]);
    await using seen = await openToLook(path, OPTIONS);
    assert.deepEqual(await seen.read({ sql: 'SELECT a FROM t' }), [{ a: 7 }]);
    assert.deepEqual(await readLayouts(seen), new Map());
  });

  it('opens nothing that is no ordinary file', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'awala-look-'));
    const pipe = join(folder.path, 'pipe');
    execFileSync('mkfifo', [pipe]);
    for (const path of [pipe, folder.path]) {
      await assert.rejects(openToLook(path, OPTIONS), { code: 'DATABASE_UNAVAILABLE' });
    }
    await assert.rejects(openToLook(join(folder.path, 'absent'), OPTIONS), { code: 'ENOENT' });
  });
});
