import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { ManualClock } from '#clock/manual-clock.ts';
import { RESERVE_OCTETS } from '#sqlite/disk-room.ts';
import { parcelOn, type Road } from '#test/builders/road.ts';
import { Collector } from '#test/peers/collector.ts';
import { HttpClient, PARCEL_TYPE } from '#test/peers/http-client.ts';
import { until } from '#test/runtime/until.ts';
import { GatewayUnderTest, START } from './support/gateway-under-test.ts';
import { missingForSmallDisks, SmallDisk } from './support/small-disk.ts';

const MIB = 1_024 * 1_024;
/** What is left beside the reserve takes some dozens of parcels. */
const DISK_MIB = RESERVE_OCTETS / MIB + 24;
/** In the database; in a file of its own. */
const SIZES = [120_000, 120_000, 120_000, 700_000];
const LIFE_S = 3_600;
const NO_ROOM = 507;

const missing = await missingForSmallDisks();

describe('A gateway on one machine whose disk is full of parcels', { skip: missing }, () => {
  let disk: SmallDisk;
  let gateway: GatewayUnderTest;
  let road: Road;
  let accepted: Set<string>;
  let made: number;

  beforeEach(async () => {
    disk = await SmallDisk.mount(DISK_MIB);
    await start();
    road = await gateway.road();
    accepted = new Set();
    made = 0;
    await untilReserved();
    await fill();
  });
  afterEach(async () => {
    await gateway[Symbol.asyncDispose]();
    await disk[Symbol.asyncDispose]();
  });

  async function start(time = START): Promise<void> {
    gateway = await GatewayUnderTest.start(
      { clock: new ManualClock(time) },
      // One phone may fill it.
      { DATA_DIR: disk.folder, QUOTA_HELD_PERCENT: '0' },
    );
  }

  async function restart(): Promise<void> {
    const time = gateway.clock.now();
    await gateway[Symbol.asyncDispose]();
    await start(time);
  }

  /** The reserve is made after the start. */
  function untilReserved(): Promise<void> {
    return until(async () => (await reservedOctets()) >= RESERVE_OCTETS / 2);
  }

  async function reservedOctets(): Promise<number> {
    const file = join(disk.folder, 'gateway.db.reserve');
    return existsSync(file) ? (await stat(file)).size : 0;
  }

  async function post(octets: number): Promise<number> {
    using client = new HttpClient(gateway.pohttp);
    const id = `parcel ${made++}`;
    const template = { id, ttlSeconds: LIFE_S, payload: Buffer.alloc(octets, id) };
    const body = parcelOn({ ...road, now: gateway.clock.now() }, template);
    const { status } = await client.post('/', { headers: { 'content-type': PARCEL_TYPE }, body });
    if (status === 202) {
      accepted.add(Buffer.from(body).toString('base64'));
    }
    return status;
  }

  /** Brings parcels until even small ones are refused. */
  async function fill(): Promise<void> {
    let refused = 0;
    for (let number = 0; refused < 2 * SIZES.length; number++) {
      const status = await post(SIZES[number % SIZES.length] ?? 0);
      assert.ok([202, NO_ROOM].includes(status), `${status}`);
      refused = status === 202 ? 0 : refused + 1;
    }
    assert.ok(accepted.size > 30, `${accepted.size}`);
  }

  /** Collects until nothing is held any more; each parcel must come once. */
  async function collectAll(): Promise<void> {
    using collector = await Collector.open(gateway.poweb, [road.phone]);
    const collected: string[] = [];
    while (collected.length < accepted.size) {
      const delivery = await collector.next();
      collected.push(Buffer.from(delivery.parcel).toString('base64'));
      collector.acknowledge(delivery);
    }
    await gateway.untilEmpty(road.phone);
    await collector.roundTrip();
    assert.equal(collector.waiting, 0);
    assert.deepEqual(new Set(collected), accepted);
    accepted.clear();
  }

  async function roomOctets(): Promise<number> {
    using client = new HttpClient(gateway.running.listening.operations);
    const { body } = await client.get('/metrics');
    return Number(/^awala_disk_room_octets(?:\{.*\})? (\S+)$/m.exec(body.toString())?.[1]);
  }

  async function readiness(): Promise<number> {
    using client = new HttpClient(gateway.running.listening.operations);
    return (await client.get('/readyz')).status;
  }

  it('hands all of them over once, and takes more then', async () => {
    assert.ok((await disk.freeOctets()) > 0);
    const roomWhenFull = await roomOctets();
    assert.ok(roomWhenFull < MIB, `${roomWhenFull}`);
    await collectAll();
    assert.ok((await roomOctets()) > 10 * MIB);
    for (const octets of SIZES) {
      assert.equal(await post(octets), 202);
    }
    await fill();
    await collectAll();
  });

  it('does so after a restart when another program has taken the rest of the disk', async () => {
    await disk.fillUp();
    assert.equal(await disk.freeOctets(), 0);
    await restart();
    assert.equal(await readiness(), 200);
    assert.equal(await post(100), NO_ROOM);
    await collectAll();
    for (const octets of SIZES) {
      assert.equal(await post(octets), 202);
    }
    await collectAll();
  });

  it('does so without a restart', async () => {
    await disk.fillUp();
    assert.equal(await post(100), NO_ROOM);
    await collectAll();
    assert.equal(await post(100_000), 202);
  });

  it('makes its reserve again once the other program gives way', async () => {
    await disk.fillUp();
    await restart();
    await collectAll();
    await disk.freeUp();
    await restart();
    await untilReserved();
  });

  it('removes what has expired, and takes more then', async () => {
    await disk.fillUp();
    await restart();
    gateway.clock.advance((LIFE_S + 60) * 1_000);
    while ((await gateway.heldFor(road.phone)) > 0) {
      gateway.clock.advance(60_000);
      await setImmediate();
    }
    for (const octets of SIZES) {
      assert.equal(await post(octets), 202);
    }
  });
});
