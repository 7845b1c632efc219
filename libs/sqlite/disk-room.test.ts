import assert from 'node:assert/strict';
import { appendFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { BACKING_DEADLINE_MS } from '#backing/calls.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { missingForSmallDisks, SmallDisk } from '#test/end-to-end/support/small-disk.ts';
import { until } from '#test/runtime/until.ts';
import { DiskRoom, RESERVE_OCTETS } from './disk-room.ts';
import { openDatabase } from './open-database.ts';

const MIB = 1_024 * 1_024;
const LEFT_MIB = 20;

const missing = await missingForSmallDisks();

describe('The room on a disk', { skip: missing }, () => {
  const clock = new ManualClock();
  let disk: SmallDisk;
  let room: DiskRoom;
  let unusedOctets: number;

  beforeEach(async () => {
    disk = await SmallDisk.mount(RESERVE_OCTETS / MIB + LEFT_MIB);
    unusedOctets = 0;
    const path = join(disk.folder, 'gateway.db');
    room = new DiskRoom({ path, clock, unusedOctets: async () => unusedOctets });
    await room.restore();
  });
  afterEach(async () => {
    await room[Symbol.asyncDispose]();
    await disk[Symbol.asyncDispose]();
  });

  it('leaves the reserve, half of which nobody else can have', async () => {
    assert.equal(await disk.freeOctets(), LEFT_MIB * MIB + RESERVE_OCTETS / 2);
    assert.equal(await room.leftOctets(), LEFT_MIB * MIB);
    assert.ok(await room.claim({ octets: LEFT_MIB * MIB - 100_000 }));
    assert.equal(await room.claim({ octets: 100_000 }), null);
  });

  it('counts what is claimed until it is written', async () => {
    {
      using claimed = await room.claim({ octets: 15 * MIB });
      assert.ok(claimed);
      assert.equal(await room.claim({ octets: 6 * MIB }), null);
    }
    assert.ok(await room.claim({ octets: 6 * MIB }));
  });

  it('lets what moves within the store have a part of the reserve', async () => {
    await appendFile(join(disk.folder, 'parcels'), Buffer.alloc(LEFT_MIB * MIB));
    assert.equal(await room.claim({ octets: 1 }), null);
    using claimed = await room.claim({ octets: 8 * MIB, isMove: true });
    assert.ok(claimed);
    assert.equal(await room.claim({ octets: 9 * MIB, isMove: true }), null);
  });

  it('is within the database where that has unused pages and the disk has none', async () => {
    await appendFile(join(disk.folder, 'parcels'), Buffer.alloc(LEFT_MIB * MIB));
    unusedOctets = 10 * MIB;
    assert.equal((await room.claim({ octets: 8 * MIB }))?.isWithin, true);
  });

  it('is none for what is added while nothing is left for the log, whatever the database has', async () => {
    unusedOctets = 1_000 * MIB;
    await disk.fillUp();
    assert.equal(await room.claim({ octets: 1 }), null);
    assert.equal(await room.release(), true);
    assert.ok(await room.claim({ octets: 1 }));
  });

  it('gives the file of the reserve back once, and makes it again when it fits', async () => {
    await disk.fillUp();
    assert.equal(await room.release(), true);
    assert.equal(await room.release(), false);
    assert.equal(await disk.freeOctets(), RESERVE_OCTETS / 2);
    await room.restore();
    assert.equal(await disk.freeOctets(), RESERVE_OCTETS / 2);
    await disk.freeUp();
    await room.restore();
    assert.equal(await disk.freeOctets(), LEFT_MIB * MIB + RESERVE_OCTETS / 2);
  });

  it('is there for all who need it at the same time', async () => {
    // There is no room for two.
    await room.release();
    const path = join(disk.folder, 'shared.db');
    await using database = await openDatabase(path, {
      keepsReserve: true,
      deadlineMs: BACKING_DEADLINE_MS,
    });
    await database.write([{ sql: 'CREATE TABLE t (id INTEGER PRIMARY KEY, value)' }]);
    const reserved = async () => (await stat(`${path}.reserve`).catch(() => null))?.size ?? 0;
    await until(async () => (await reserved()) >= RESERVE_OCTETS / 2);
    await disk.fillUp();
    const sql = 'INSERT INTO t VALUES (?, ?)';
    const writes = Array.from({ length: 10 }, (_, id) =>
      database.write([{ sql, parameters: [id, Buffer.alloc(500_000, id)] }]),
    );
    await Promise.all(writes);
  });
});
