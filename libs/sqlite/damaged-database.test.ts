import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, cp, mkdtempDisposable, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { BACKING_DEADLINE_MS } from '#backing/calls.ts';
import { DatabaseDamagedError } from './errors.ts';
import { openDatabase } from './open-database.ts';

const OPTIONS = { deadlineMs: BACKING_DEADLINE_MS };
const PAGE_OCTETS = 4_096;

describe('a database that cannot be trusted', () => {
  it('is refused as a copy that cp made while it was written, and left as it is', async () => {
    await using place = await temporaryFolder();
    await using owner = await ownInAnotherProcess(place.path);
    for (const copy of ['first', 'second', 'third']) {
      await owner.writesMore();
      execFileSync('cp', ['-r', join(place.path, 'data'), join(place.path, copy)]);
      const path = join(place.path, copy, 'gateway.db');
      const before = await readFile(path);
      await assert.rejects(
        openDatabase(path, OPTIONS),
        isDamage(/is a copy .* awala-gateway adopt/),
      );
      assert.ok(before.equals(await readFile(path)), 'the copy is unchanged');
    }
  });

  it('is refused as a copy without the log', async () => {
    await using place = await temporaryFolder();
    await using owner = await ownInAnotherProcess(place.path);
    await owner.writesMore();
    const path = join(place.path, 'copy.db');
    await copyFile(owner.path, path);
    await assert.rejects(openDatabase(path, OPTIONS), isDamage(/is a copy/));
  });

  it('is refused when its process died and its log is gone, until it is adopted', async () => {
    await using place = await temporaryFolder();
    await using owner = await ownInAnotherProcess(place.path);
    await owner.writesMore();
    await owner.die();
    await rm(`${owner.path}-wal`);
    for (const _ of ['at first', 'again']) {
      await assert.rejects(openDatabase(owner.path, OPTIONS), isDamage(/-wal is missing/));
    }
    await using adopted = await openDatabase(owner.path, { ...OPTIONS, adopts: true });
    await adopted[Symbol.asyncDispose]();
    await using _ = await openDatabase(owner.path, OPTIONS);
  });

  it('is refused with a damaged page, also to whoever would adopt it', async () => {
    await using place = await temporaryFolder();
    const path = await closedDatabase(place.path);
    await overwritePage(path, 3);
    const before = await readFile(path);
    await assert.rejects(
      openDatabase(path, OPTIONS),
      isDamage(/is damaged .* awala-gateway restore/),
    );
    await assert.rejects(openDatabase(path, { ...OPTIONS, adopts: true }), isDamage(/is damaged/));
    assert.ok(before.equals(await readFile(path)));
  });

  it('is refused when it ends too early', async () => {
    await using place = await temporaryFolder();
    const path = await closedDatabase(place.path);
    await using file = await open(path, 'r+');
    await file.truncate(((await file.stat()).size * 2) / 3);
    await assert.rejects(openDatabase(path, OPTIONS), isDamage(/is damaged/));
  });

  it('is refused when an index lacks what its table has', async () => {
    await using place = await temporaryFolder();
    const path = await closedDatabase(place.path);
    leaveOutOfIndex(path);
    await assert.rejects(openDatabase(path, OPTIONS), isDamage(/is damaged .*index/));
  });

  it('is refused when it is no database', async () => {
    await using place = await temporaryFolder();
    const path = join(place.path, 'gateway.db');
    await writeFile(path, 'something else '.repeat(500));
    await assert.rejects(
      openDatabase(path, OPTIONS),
      isDamage(/is damaged \(file is not a database\)/),
    );
  });
});

describe('a database that can be trusted', () => {
  it('is a copy of one that was closed', async () => {
    await using place = await temporaryFolder();
    const path = await closedDatabase(place.path);
    const copy = join(place.path, 'copy.db');
    await cp(path, copy);
    assert.equal(await rowsIn(copy), 1_000);
  });

  it('is one whose process died, also after a command looked into it', async () => {
    await using place = await temporaryFolder();
    await using owner = await ownInAnotherProcess(place.path);
    await owner.writesMore();
    await owner.die();
    await using beside = await openDatabase(owner.path, { ...OPTIONS, shared: true });
    const [row] = await beside.read({ sql: 'SELECT count(*) AS n FROM numbers' });
    await beside[Symbol.asyncDispose]();
    await using database = await openDatabase(owner.path, OPTIONS);
    assert.deepEqual(await database.read({ sql: 'SELECT count(*) AS n FROM numbers' }), [row]);
  });

  it('is a copy of one whose process died, once it is adopted', async () => {
    await using place = await temporaryFolder();
    await using owner = await ownInAnotherProcess(place.path);
    await owner.writesMore();
    await owner.die();
    await cp(join(place.path, 'data'), join(place.path, 'copy'), { recursive: true });
    const path = join(place.path, 'copy', 'gateway.db');
    await assert.rejects(openDatabase(path, OPTIONS), isDamage(/is a copy/));
    await using adopted = await openDatabase(path, { ...OPTIONS, adopts: true });
    const [row] = await adopted.read({ sql: 'SELECT count(*) AS n FROM numbers' });
    assert.ok(Number(row?.n) > 0);
  });

  it('is one of an earlier version, which left no mark, with or without a log', async () => {
    await using place = await temporaryFolder();
    const path = await closedDatabase(place.path);
    unmark(path);
    assert.equal(await rowsIn(path), 1_000);
    unmark(path);
    const copy = join(place.path, 'copy.db');
    using earlier = new DatabaseSync(path);
    earlier.exec('INSERT INTO t VALUES (5000, 5000)');
    await cp(path, copy);
    await cp(`${path}-wal`, `${copy}-wal`);
    assert.equal(await rowsIn(copy), 1_001);
  });
});

function isDamage(message: RegExp) {
  return (error: unknown) => error instanceof DatabaseDamagedError && message.test(error.message);
}

function temporaryFolder() {
  return mkdtempDisposable(join(tmpdir(), 'awala-damaged-'));
}

/** @returns the path of a database with a thousand rows */
async function closedDatabase(folder: string): Promise<string> {
  const path = join(folder, 'gateway.db');
  await using database = await openDatabase(path, OPTIONS);
  await database.write([
    { sql: 'CREATE TABLE t (id INTEGER PRIMARY KEY, value INTEGER NOT NULL)' },
    { sql: 'CREATE INDEX t_by_value ON t (value)' },
    {
      sql: `WITH RECURSIVE n (id) AS (VALUES (1) UNION ALL SELECT id + 1 FROM n WHERE id < 1000)
        INSERT INTO t SELECT id, id FROM n`,
    },
  ]);
  return path;
}

async function rowsIn(path: string): Promise<number> {
  await using database = await openDatabase(path, OPTIONS);
  const [row] = await database.read({ sql: 'SELECT count(*) AS n FROM t' });
  return Number(row?.n);
}

async function overwritePage(path: string, page: number): Promise<void> {
  await using file = await open(path, 'r+');
  await file.write(Buffer.alloc(PAGE_OCTETS, 0x5a), 0, PAGE_OCTETS, (page - 1) * PAGE_OCTETS);
}

/** Adds a row while the schema hides the index. */
function leaveOutOfIndex(path: string): void {
  using database = new DatabaseSync(path, { defensive: false });
  database.exec(`
    PRAGMA writable_schema = ON;
    CREATE TEMP TABLE hidden AS SELECT * FROM sqlite_schema WHERE name = 't_by_value';
    DELETE FROM sqlite_schema WHERE name = 't_by_value';
    PRAGMA writable_schema = RESET;
    INSERT INTO t VALUES (5000, 5000);
    PRAGMA writable_schema = ON;
    INSERT INTO sqlite_schema SELECT * FROM hidden;
    PRAGMA writable_schema = RESET;
  `);
}

function unmark(path: string): void {
  using database = new DatabaseSync(path);
  database.exec('PRAGMA user_version = 0');
}

/** Runs a process that owns `data/gateway.db` and writes to it. */
async function ownInAnotherProcess(folder: string) {
  const path = join(folder, 'data', 'gateway.db');
  execFileSync('mkdir', [join(folder, 'data')]);
  const program = new URL('./fixtures/own-database.ts', import.meta.url).pathname;
  const child: ChildProcess = spawn(process.execPath, [program, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const die = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  };
  return {
    path,
    /** Resolves when it has written some more. */
    writesMore: async () => {
      let lines = 0;
      for await (const chunk of child.stdout?.iterator({ destroyOnReturn: false }) ?? []) {
        lines += String(chunk).split('\n').length - 1;
        if (lines > 20) {
          return;
        }
      }
    },
    die,
    [Symbol.asyncDispose]: die,
  };
}
