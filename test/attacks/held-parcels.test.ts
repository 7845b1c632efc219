import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { RESERVE_OCTETS } from '#sqlite/disk-room.ts';
import type { MessageTemplate } from '#test/builders/crafted-messages.ts';
import { authorisedSender, endpoint, privateGateway, validAround } from '#test/builders/peers.ts';
import { parcelOn, type Road } from '#test/builders/road.ts';
import { GatewayUnderTest } from '#test/end-to-end/support/gateway-under-test.ts';
import { missingForSmallDisks, SmallDisk } from '#test/end-to-end/support/small-disk.ts';
import { Collector } from '#test/peers/collector.ts';
import { type Answer, HttpClient } from '#test/peers/http-client.ts';
import { postingOf } from '#test/peers/phone.ts';
import { assertServed } from './attacker.ts';

const MIB = 1_024 * 1_024;
const DAY_MS = 86_400_000;
/** What the disk takes beside its reserve: twelve of the largest parcels. */
const ROOM_MIB = 100;
const LARGE = 8_000_000;
/** More than what newcomers may hold in the end, and less than what others may. */
const MODERATE = 6 * MIB;
const NEWCOMERS = 12;
const HALF_A_YEAR_SECONDS = 180 * 86_400;
const HONEST = 6;

const missing = await missingForSmallDisks();

describe('While a small disk is filled with parcels that nobody collects', {
  skip: missing,
}, () => {
  let disk: SmallDisk;
  let gateway: GatewayUnderTest;
  let poweb: HttpClient;

  beforeEach(async () => {
    disk = await SmallDisk.mount(RESERVE_OCTETS / MIB + ROOM_MIB);
    gateway = await GatewayUnderTest.start({}, { DATA_DIR: disk.folder });
    poweb = new HttpClient(gateway.poweb);
  });
  afterEach(async () => {
    assert.deepEqual(gateway.loggedAt('error'), []);
    poweb[Symbol.dispose]();
    await gateway[Symbol.asyncDispose]();
    await disk[Symbol.asyncDispose]();
  });

  /** Sends a parcel that is kept for half a year, to the phone itself unless the template says else. */
  async function send(
    { phone, ...road }: Road,
    octets: number,
    template: Partial<MessageTemplate> = {},
  ): Promise<Answer> {
    const lasting = { ttlSeconds: HALF_A_YEAR_SECONDS, createdAt: gateway.clock.now() };
    const own = { id: randomUUID(), payload: Buffer.alloc(octets) };
    const parcel = parcelOn(road, { ...own, ...lasting, ...template });
    return poweb.post('/v1/parcels', await postingOf(parcel, phone));
  }

  /** How many of them are taken; the others are to come later. */
  async function taken(sending: readonly (() => Promise<Answer>)[]): Promise<number> {
    let count = 0;
    for (const each of sending) {
      const { status, headers } = await each();
      assert.ok(status === 202 || status === 507, String(status));
      assert.equal(headers['retry-after'], status === 202 ? undefined : '600');
      count += status === 202 ? 1 : 0;
    }
    return count;
  }

  /** Whether a phone gets a parcel for itself in, and out again. */
  async function isServed(road: Road, octets: number): Promise<boolean> {
    if ((await send(road, octets)).status !== 202) {
      return false;
    }
    using collector = await Collector.open(gateway.poweb, [road.phone]);
    collector.acknowledge(await collector.next());
    await gateway.untilEmpty(road.phone);
    gateway.clock.advance(1_000);
    return true;
  }

  /** A phone that registered ten days ago. */
  async function establishedRoad(): Promise<Road> {
    const now = gateway.clock.now();
    const validity = { ...validAround(now), notBefore: new Date(now.getTime() - 10 * DAY_MS) };
    const phone = await privateGateway('established phone', gateway.us, validity);
    const recipient = await endpoint('recipient', phone, validity);
    const sender = await authorisedSender('sender', recipient, validity);
    return { now, validity, us: gateway.us, phone, recipient, sender };
  }

  it('by one phone, for itself and for the Internet, all others bring and collect theirs', async () => {
    const attacker = await gateway.road('attacker');
    const elsewhere = { internetAddress: 'app.example' };
    const large = Array.from(
      { length: 18 },
      (_, index) => () => send(attacker, LARGE, index % 2 === 0 ? {} : elsewhere),
    );
    assert.equal(await taken(large), 2);
    assert.ok((await disk.freeOctets()) > 70 * MIB);
    const others = [await gateway.road('phone'), await gateway.road('another phone')];
    for (const { phone } of others) {
      // Or its phone would send nothing more to anybody.
      assert.equal((await send({ ...attacker, phone }, 100)).status, 202);
    }
    await assertServed(HONEST, async (index) => {
      const road = others[index % others.length];
      return road !== undefined && isServed(road, LARGE);
    });
    assert.equal(await gateway.heldFor(attacker.phone), 3);
    using collector = await Collector.open(gateway.poweb, [attacker.phone]);
    collector.acknowledgeAll();
    await gateway.untilEmpty(attacker.phone);
    gateway.clock.advance(1_000);
    assert.equal((await send(attacker, LARGE)).status, 202);
  });

  it('by many new phones, one that has been here for a week brings and collects its own', async () => {
    const established = await establishedRoad();
    for (let index = 0; index < NEWCOMERS; index++) {
      const attacker = await gateway.road(`attacker ${index}`);
      await taken(Array.from({ length: 3 }, () => () => send(attacker, MODERATE)));
    }
    assert.equal((await send(await gateway.road('another'), MODERATE)).status, 507);
    await assertServed(HONEST, () => isServed(established, MODERATE));
  });
});
