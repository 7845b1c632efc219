import assert from 'node:assert/strict';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { BACKING_DEADLINE_MS } from '#backing/calls.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { openDatabase } from '#sqlite/open-database.ts';
import { totalUnder } from './held-totals.ts';
import { openFilesystemObjectStore } from './open-store.ts';

const HOUR_MS = 3_600_000;
/** More than are read together, twice. */
const MANY = 20_000;

describe('totalUnder', () => {
  it('adds up what is stored under a prefix and has not expired', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'awala-totals-'));
    const clock = new ManualClock();
    const options = { deadlineMs: BACKING_DEADLINE_MS, clock };
    await using database = await openDatabase(join(folder.path, 'x.db'), options);
    const place = { database, folder: join(folder.path, 'objects') };
    await using store = await openFilesystemObjectStore({ ...place, ...options });
    const start = clock.now();
    const put = (key: string, octets: number, hours: number) =>
      store.put(key, Buffer.alloc(octets), {
        expiresAt: new Date(clock.now().getTime() + hours * HOUR_MS),
      });
    assert.deepEqual(await totalUnder('a/', database, start), {
      objects: 0,
      octets: 0,
      oldestAt: null,
    });
    await put('a/1', 100, 1);
    await put('b/1', 100, 9);
    clock.advance(1_000);
    await put('a/2', 200, 9);
    await put('a/sub/3', 300_000, 9);
    assert.deepEqual(await totalUnder('a/', database, clock.now()), {
      objects: 3,
      octets: 300_300,
      oldestAt: start,
    });
    clock.advance(2 * HOUR_MS);
    assert.deepEqual(await totalUnder('a/', database, clock.now()), {
      objects: 2,
      octets: 300_200,
      oldestAt: new Date(start.getTime() + 1_000),
    });
  });

  it('adds up more than it reads at once', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'awala-totals-'));
    const options = { deadlineMs: BACKING_DEADLINE_MS };
    await using database = await openDatabase(join(folder.path, 'x.db'), options);
    const place = { database, folder: join(folder.path, 'objects') };
    await using _ = await openFilesystemObjectStore({ ...place, ...options });
    await database.write([
      {
        sql: `INSERT INTO objects
          WITH RECURSIVE numbers (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM numbers WHERE value < ?)
          SELECT 'a/' || value, value, 9e12, 3, 1000 + value, 0, NULL FROM numbers`,
        parameters: [MANY],
      },
    ]);
    assert.deepEqual(await totalUnder('a/', database, new Date(0)), {
      objects: MANY,
      octets: 3 * MANY,
      oldestAt: new Date(1_001),
    });
  });
});
