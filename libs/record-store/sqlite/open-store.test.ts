import assert from 'node:assert/strict';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { BACKING_DEADLINE_MS } from '#backing/calls.ts';
import { BackingFullError, BackingUnavailableError } from '#backing/errors.ts';
import { systemClock } from '#clock/clock.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { databaseForTests } from '#sqlite/fixtures/database-for-tests.ts';
import { type OpenDatabaseOptions, openDatabase } from '#sqlite/open-database.ts';
import { describeRecordStore } from '../contract.ts';
import { recordKind } from '../port.ts';
import { openSqliteRecordStore } from './open-store.ts';

const NOTES = recordKind<{ readonly data: Uint8Array }>('notes');

const emptied = databaseForTests();

describeRecordStore('the record store in SQLite', async (clock) => {
  const { database } = await emptied();
  const store = await openSqliteRecordStore({ database, clock, pageSize: 50 });
  return { store, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
});

describe('the record store in SQLite', () => {
  it('keeps records when it is opened again', async () => {
    await using opened = await open();
    await opened.store.set(NOTES, 'kept', { data: Uint8Array.of(1) });
    await opened.store[Symbol.asyncDispose]();
    await using again = await openSqliteRecordStore({ database: opened.database });
    assert.deepEqual((await again.get(NOTES, 'kept'))?.fields, { data: Uint8Array.of(1) });
  });

  it('sweeps more than one batch, and nothing of its checks', async () => {
    const clock = new ManualClock();
    await using opened = await open(clock);
    const expiresAt = new Date(clock.now().getTime() + 1_000);
    const data = Uint8Array.of();
    await Promise.all(
      Array.from({ length: 1_001 }, (_, id) =>
        opened.store.set(NOTES, String(id), { data }, { expiresAt }),
      ),
    );
    clock.advance(1_000);
    await opened.store.check();
    assert.equal(await opened.store.sweep(), 1_001);
    await opened.store.check();
  });

  it('is full when the database is, and keeps what it has', async () => {
    await using opened = await open(systemClock, { maxFileOctets: 400_000 });
    const data = new Uint8Array(48_000);
    let written = 0;
    await assert.rejects(async () => {
      for (; ; written++) {
        await opened.store.set(NOTES, String(written), { data });
      }
    }, BackingFullError);
    assert.equal((await Array.fromAsync(opened.store.list(NOTES, ''))).length, written);
  });

  it('is unavailable while its database is closed', async () => {
    await using opened = await open();
    await opened.database[Symbol.asyncDispose]();
    await assert.rejects(opened.store.check(), BackingUnavailableError);
    await assert.rejects(opened.store.get(NOTES, 'a'), BackingUnavailableError);
  });
});

async function open(clock = systemClock, options: Partial<OpenDatabaseOptions> = {}) {
  await using opened = new AsyncDisposableStack();
  const { path } = opened.use(await mkdtempDisposable(join(tmpdir(), 'awala-records-')));
  const database = opened.use(
    await openDatabase(join(path, 'gateway.db'), { deadlineMs: BACKING_DEADLINE_MS, ...options }),
  );
  const store = opened.use(await openSqliteRecordStore({ database, clock, pageSize: 50 }));
  const owned = opened.move();
  return { store, database, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
