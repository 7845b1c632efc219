import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempDisposable, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { BACKING_DEADLINE_MS } from '#backing/calls.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { until } from '#test/runtime/until.ts';
import type { Database } from './database.ts';
import {
  DatabaseFullError,
  DatabaseInUseError,
  DatabaseUnavailableError,
  StatementFailedError,
} from './errors.ts';
import { type OpenDatabaseOptions, openDatabase } from './open-database.ts';

const OPTIONS = { deadlineMs: BACKING_DEADLINE_MS };
const LOOK_EVERY_MS = 20;

describe('openDatabase', () => {
  it('gives back every type of value as it was', async () => {
    await using opened = await openTable();
    const values = [
      1,
      -1.5,
      2 ** 53 - 1,
      'text\u0000ü',
      null,
      Uint8Array.of(),
      Uint8Array.of(0, 255),
    ];
    for (const [id, value] of values.entries()) {
      await insert(opened.database, id, value);
    }
    const rows = await opened.database.read({ sql: 'SELECT value FROM t ORDER BY id' });
    assert.deepEqual(
      rows.map(({ value }) => value),
      values,
    );
  });

  it('takes a view of a larger buffer for what it shows, and leaves it to the caller', async () => {
    await using opened = await openTable();
    const around = Uint8Array.from({ length: 100 }, (_, index) => index);
    await Promise.all([
      insert(opened.database, 1, around.subarray(10, 13)),
      insert(opened.database, 2, around.subarray(12, 14)),
    ]);
    assert.equal(around[99], 99);
    const rows = await opened.database.read({ sql: 'SELECT value FROM t ORDER BY id' });
    assert.deepEqual(rows, [
      { value: Uint8Array.of(10, 11, 12) },
      { value: Uint8Array.of(12, 13) },
    ]);
  });

  it('tells what each statement changed and returned', async () => {
    await using opened = await openTable();
    const { changes, rows } = await opened.database.write([
      { sql: "INSERT INTO t VALUES (1, 'a'), (2, 'b')" },
      { sql: "UPDATE t SET value = 'c' WHERE id = 3" },
      { sql: 'DELETE FROM t RETURNING id, value' },
      { sql: 'SELECT count(*) AS left FROM t' },
    ]);
    assert.deepEqual(changes, [2, 0, 2, 0]);
    assert.deepEqual(rows, [
      [],
      [],
      [
        { id: 1, value: 'a' },
        { id: 2, value: 'b' },
      ],
      [{ left: 0 }],
    ]);
  });

  it('shows a read every write that was answered before', async () => {
    await using opened = await openTable();
    for (let id = 0; id < 50; id++) {
      await insert(opened.database, id, 'x');
      const [row] = await opened.database.read({ sql: 'SELECT count(*) AS n FROM t' });
      assert.equal(row?.n, id + 1);
    }
  });

  it('undoes a call that fails, and none of the calls that were made with it', async () => {
    await using opened = await openTable();
    const { database } = opened;
    const answers = await Promise.allSettled([
      insert(database, 1, 'first'),
      database.write([
        { sql: "INSERT INTO t VALUES (2, 'undone')" },
        { sql: "INSERT INTO t VALUES (1, 'clashes')" },
      ]),
      insert(database, 1, 'clashes too'),
      insert(database, 3, 'last'),
    ]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      ['fulfilled', 'rejected', 'rejected', 'fulfilled'],
    );
    assert.ok(
      answers[1]?.status === 'rejected' && answers[1].reason instanceof StatementFailedError,
    );
    assert.deepEqual(await ids(database), [1, 3]);
  });

  it('refuses a statement that makes no sense', async () => {
    await using opened = await openTable();
    await assert.rejects(opened.database.write([{ sql: 'INSERT nonsense' }]), StatementFailedError);
    await assert.rejects(opened.database.read({ sql: 'SELECT nonsense' }), StatementFailedError);
    await assert.rejects(opened.database.read({ sql: 'DELETE FROM t' }));
    await insert(opened.database, 1, 'still works');
  });

  it('finishes what was asked before it closes, and keeps it', async () => {
    await using opened = await openTable();
    const writes = Array.from({ length: 100 }, (_, id) => insert(opened.database, id, 'x'));
    await opened.database[Symbol.asyncDispose]();
    await Promise.all(writes);
    assert.deepEqual((await readdir(opened.folder)).sort(), ['gateway.db', 'gateway.db.lock']);
    await using again = await openDatabase(opened.path, OPTIONS);
    assert.equal((await ids(again)).length, 100);
  });

  it('is unavailable once closed, and can be closed twice', async () => {
    await using opened = await openTable();
    await opened.database[Symbol.asyncDispose]();
    await opened.database[Symbol.asyncDispose]();
    await assert.rejects(insert(opened.database, 1, 'x'), DatabaseUnavailableError);
    await assert.rejects(ids(opened.database), DatabaseUnavailableError);
  });

  it('cannot be opened where there is no folder', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'awala-sqlite-'));
    await assert.rejects(
      openDatabase(join(folder.path, 'none', 'a.db'), OPTIONS),
      DatabaseUnavailableError,
    );
  });
});

describe('limits of a database', () => {
  it('is full when its file may not grow, keeps what it has, and goes on when there is room', async () => {
    await using opened = await openTable({ maxFileOctets: 200_000 });
    const { database } = opened;
    await insert(database, 1, new Uint8Array(100_000));
    const answers = await Promise.allSettled([
      insert(database, 2, 'small'),
      insert(database, 3, new Uint8Array(150_000)),
      insert(database, 4, 'small'),
    ]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    assert.ok(answers[1]?.status === 'rejected' && answers[1].reason instanceof DatabaseFullError);
    assert.deepEqual(await ids(database), [1, 2, 4]);
    await database.write([{ sql: 'DELETE FROM t WHERE id = 1' }]);
    await insert(database, 3, new Uint8Array(150_000));
  });

  it('refuses calls beyond what it holds in memory, and takes more when that is written', async () => {
    await using opened = await openTable({ maxPendingOctets: 10_000 });
    const { database } = opened;
    const writes = [
      insert(database, 1, new Uint8Array(4_000)),
      insert(database, 2, new Uint8Array(4_000)),
    ];
    await assert.rejects(insert(database, 3, new Uint8Array(4_000)), DatabaseUnavailableError);
    await Promise.all(writes);
    await insert(database, 3, new Uint8Array(4_000));
  });

  it('answers within the deadline that it does not know how a write ended', async () => {
    const clock = new ManualClock();
    await using opened = await openTable({ clock, deadlineMs: 500 });
    const unanswered = insert(opened.database, 1, 'late');
    clock.advance(500);
    await assert.rejects(
      unanswered,
      (error) => error instanceof DatabaseUnavailableError && error.outcomeUnknown,
    );
    await insert(opened.database, 2, 'in time');
    assert.deepEqual(await ids(opened.database), [1, 2]);
  });

  it('gives a call the deadline that it brings, and those after it theirs', async () => {
    const clock = new ManualClock();
    await using opened = await openTable({ clock, deadlineMs: 500 });
    const select = { sql: 'SELECT 1 AS one' };
    const patient = opened.database.read(select, { deadlineMs: 5_000 });
    const ordinary = opened.database.read(select);
    clock.advance(500);
    await assert.rejects(ordinary, DatabaseUnavailableError);
    assert.deepEqual(
      (await patient).map(({ one }) => one),
      [1],
    );
    const late = opened.database.read(select, { deadlineMs: 5_000 });
    clock.advance(5_000);
    await assert.rejects(late, DatabaseUnavailableError);
  });
});

describe('ownership of a database', () => {
  it('is refused to a second opener in the same process', async () => {
    await using opened = await openTable();
    await assert.rejects(openDatabase(opened.path, OPTIONS), DatabaseInUseError);
    await insert(opened.database, 1, 'still works');
    await opened.database[Symbol.asyncDispose]();
    await using again = await openDatabase(opened.path, OPTIONS);
    assert.deepEqual(await ids(again), [1]);
  });

  it('is refused while another process lives, and free, with what it wrote, once it is killed', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'awala-sqlite-'));
    const path = join(folder.path, 'gateway.db');
    const owner = ownInAnotherProcess(path);
    const exit = once(owner, 'exit');
    const lines: string[] = [];
    createInterface({ input: owner.stdout }).on('line', (line) => lines.push(line));
    await until(() => lines.length >= 1, LOOK_EVERY_MS);
    await assert.rejects(openDatabase(path, OPTIONS), DatabaseInUseError);
    await using guest = await openDatabase(path, { ...OPTIONS, shared: true });
    await until(() => isWritten(guest, 'INSERT INTO numbers VALUES (-1)'));
    await until(() => lines.length >= 20, LOOK_EVERY_MS);
    owner.kill('SIGKILL');
    await exit;
    const told = lines.filter((line) => line !== 'open').map(Number);
    await using database = await openDatabase(path, OPTIONS);
    const rows = await database.read({ sql: 'SELECT number FROM numbers' });
    const numbers = new Set(rows.map(({ number }) => number));
    assert.deepEqual(
      told.filter((number) => !numbers.has(number)),
      [],
    );
    assert.ok(numbers.has(-1));
  });
});

interface OpenedTable extends AsyncDisposable {
  readonly database: Database;
  readonly folder: string;
  readonly path: string;
}

async function openTable(options: Partial<OpenDatabaseOptions> = {}): Promise<OpenedTable> {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(await mkdtempDisposable(join(tmpdir(), 'awala-sqlite-'))).path;
  const path = join(folder, 'gateway.db');
  const database = opened.use(await openDatabase(path, { ...OPTIONS, ...options }));
  await database.write([{ sql: 'CREATE TABLE t (id INTEGER PRIMARY KEY, value)' }]);
  const owned = opened.move();
  return { database, folder, path, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function insert(database: Database, id: number, value: number | string | null | Uint8Array) {
  await database.write([{ sql: 'INSERT INTO t VALUES (?, ?)', parameters: [id, value] }]);
}

async function ids(database: Database) {
  return (await database.read({ sql: 'SELECT id FROM t ORDER BY id' })).map(({ id }) => id);
}

function ownInAnotherProcess(path: string): ChildProcessByStdio<null, Readable, null> {
  const program = new URL('./fixtures/own-database.ts', import.meta.url).pathname;
  return spawn(process.execPath, [program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** @returns false if another process, which writes all the time, was in the way for too long */
async function isWritten(database: Database, sql: string): Promise<boolean> {
  try {
    await database.write([{ sql }]);
    return true;
  } catch (error) {
    assert.ok(error instanceof DatabaseUnavailableError, String(error));
    return false;
  }
}
