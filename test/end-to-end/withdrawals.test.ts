import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { BackingUnavailableError } from '#backing/errors.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { InMemoryRecordStore } from '#record-store/in-memory.ts';
import { countersign, type Peer } from '#test/builders/peers.ts';
import { certified, parcelOn, type Road, secondsFrom } from '#test/builders/road.ts';
import { HttpClient, PARCEL_TYPE } from '#test/peers/http-client.ts';
import { postingOf } from '#test/peers/phone.ts';
import { GatewayUnderTest, START } from './support/gateway-under-test.ts';
import { deauthorisationOn, withdraw } from './support/withdrawing.ts';

const DAY_SECONDS = 86_400;
/** After this, a withdrawal holds everywhere. */
const EVERYWHERE_MS = 10_000;
const ON = { ACCEPT_WITHDRAWALS: 'true' };

describe('a phone that withdraws an authorisation', () => {
  let isStoreDown: boolean;
  let clock: ManualClock;
  let records: InMemoryRecordStore;
  let gateway: GatewayUnderTest;
  let road: Road;

  beforeEach(async () => {
    isStoreDown = false;
    clock = new ManualClock(START);
    records = new InMemoryRecordStore({
      clock,
      before: () => {
        if (isStoreDown) {
          throw new BackingUnavailableError('record-store', 'down');
        }
      },
    });
    gateway = await GatewayUnderTest.start({ clock, records }, ON);
    road = await gateway.road();
  });
  afterEach(() => gateway[Symbol.asyncDispose]());

  const parcel = (sender: Peer = road.sender) =>
    parcelOn(road, { sender, id: randomUUID(), createdAt: clock.now(), ttlSeconds: DAY_SECONDS });

  async function byPohttp(octets: Uint8Array, { pohttp } = gateway): Promise<number> {
    using client = new HttpClient(pohttp);
    const headers = { 'content-type': PARCEL_TYPE };
    return (await client.post('/', { headers, body: octets })).status;
  }

  async function byPoweb(octets: Uint8Array, phone: Peer): Promise<number> {
    using client = new HttpClient(gateway.poweb);
    return (await client.post('/v1/parcels', await postingOf(octets, phone))).status;
  }

  async function withdrawn(template: Parameters<typeof deauthorisationOn>[1] = {}): Promise<void> {
    const { status } = await withdraw(gateway, road, deauthorisationOn(road, template));
    assert.equal(status, 202);
  }

  it('gets no more parcels under it, by PoHTTP or from other phones', async () => {
    const neighbour = await gateway.road('neighbour');
    assert.equal(await byPohttp(parcel()), 202);
    await withdrawn();
    assert.equal(await byPohttp(parcel()), 403);
    assert.equal(await byPoweb(parcel(), neighbour.phone), 422);
    assert.equal(await gateway.heldFor(road.phone), 1);
  });

  it('still gets those of others whom the endpoint authorised, even of the same sender', async () => {
    await withdrawn();
    assert.equal(await byPohttp(parcel(certified(road, road.us, road.recipient))), 202);
    assert.equal(await byPohttp(parcel(certified(road, road.sender, road.recipient))), 202);
  });

  it('may withdraw all that the endpoint issued until then', async () => {
    await withdrawn({ serialNumbers: [] });
    assert.equal(await byPohttp(parcel()), 403);
    const notBefore = secondsFrom(road, 1);
    const anew = certified(road, road.sender, road.recipient, { notBefore });
    clock.advance(2_000);
    assert.equal(await byPohttp(parcel(anew)), 202);
  });

  it('is not harmed by whoever repeats what it said before it authorised the sender anew', async () => {
    const everything = deauthorisationOn(road, { serialNumbers: [] });
    await withdraw(gateway, road, everything);
    const notBefore = secondsFrom(road, 60);
    const anew = certified(road, road.sender, road.recipient, { notBefore });
    clock.advance(120_000);
    assert.equal((await withdraw(gateway, road, everything)).status, 202);
    assert.equal(await byPohttp(parcel(anew)), 202);
    assert.equal(await byPohttp(parcel()), 403);
  });

  it('is heeded until the date that it says, and the authorisation is good again', async () => {
    await withdrawn({ expiresAt: secondsFrom(road, 3_600) });
    assert.equal(await byPohttp(parcel()), 403);
    clock.advance(3_600_000);
    assert.equal(await byPohttp(parcel()), 202);
    const again = deauthorisationOn(road, { expiresAt: secondsFrom(road, 3_600) });
    assert.equal((await withdraw(gateway, road, again)).status, 422);
  });

  it('is heeded in every process within ten seconds, and after a restart', async () => {
    await using other = await GatewayUnderTest.start({ clock, records }, ON);
    assert.equal(await byPohttp(parcel(), other), 202);
    await withdrawn();
    clock.advance(EVERYWHERE_MS);
    assert.equal(await byPohttp(parcel(), other), 403);
    await using restarted = await GatewayUnderTest.start({ clock, records }, ON);
    assert.equal(await byPohttp(parcel(), restarted), 403);
  });

  it('is told to come again while the record store is away, as are senders', async () => {
    isStoreDown = true;
    assert.equal((await withdraw(gateway, road, deauthorisationOn(road))).status, 503);
    assert.equal(await byPohttp(parcel()), 503);
    isStoreDown = false;
    await withdrawn();
    assert.equal(await byPohttp(parcel()), 403);
  });

  it('cannot withdraw what is yet to be issued', async () => {
    const ahead = { serialNumbers: [], createdAt: secondsFrom(road, 7_201) };
    assert.equal((await withdraw(gateway, road, deauthorisationOn(road, ahead))).status, 422);
    assert.equal(await byPohttp(parcel()), 202);
  });

  it('does so for its own endpoints, and changes nothing for those of others', async () => {
    const attacker = await gateway.road('attacker');
    const theirs = deauthorisationOn(road, { serialNumbers: [] });
    assert.equal((await withdraw(gateway, attacker, theirs)).status, 202);
    assert.equal(await byPohttp(parcel()), 202);
  });

  it('must prove who it is, for this purpose', async () => {
    const body = deauthorisationOn(road);
    const headers = { 'content-type': 'application/vnd.awala.parcel-delivery-deauthorization' };
    using client = new HttpClient(gateway.poweb);
    const post = async (authorization: string) => {
      const posting = { headers: { ...headers, authorization }, body };
      return (await client.post('/v1/parcel-delivery-deauthorizations', posting)).status;
    };
    assert.equal(await post(''), 401);
    assert.equal(await post(await countersign(body, road.phone)), 403);
    assert.equal(
      await post(await countersign(body, road.recipient, 'parcel-deauthorisation')),
      403,
    );
    assert.equal(await byPohttp(parcel()), 202);
  });

  it('is told that what it wrote is malformed', async () => {
    assert.equal((await withdraw(gateway, road, Buffer.from('hello'))).status, 400);
    const cut = deauthorisationOn(road).subarray(0, -1);
    assert.equal((await withdraw(gateway, road, cut)).status, 400);
    assert.equal((await withdraw(gateway, road, new Uint8Array(16_385))).status, 413);
  });

  it('takes one record, however much it withdraws, and is told when there is no room', async () => {
    const serialNumbers = Array.from({ length: 512 }, (_, index) =>
      Uint8Array.of(1, index >> 8, index & 0xff),
    );
    await withdrawn({ serialNumbers });
    const more = await withdraw(gateway, road, deauthorisationOn(road));
    assert.equal(more.status, 503);
    assert.equal(more.headers['retry-after'], '3600');
    assert.equal(await byPohttp(parcel()), 202);
    await withdrawn({ serialNumbers });
    const stored = await Array.fromAsync(records.list({ name: 'withdrawn' }, ''));
    assert.equal(stored.length, 1);
  });

  it('cannot by default: there is no such path, and no parcel costs a read', async () => {
    const reads: string[] = [];
    const counted = new InMemoryRecordStore({ clock, before: ({ kind }) => void reads.push(kind) });
    await using off = await GatewayUnderTest.start({ clock, records: counted });
    const other = await off.road();
    assert.equal((await withdraw(off, other, deauthorisationOn(other))).status, 404);
    assert.equal(await byPohttp(parcelOn(other), off), 202);
    assert.ok(!reads.includes('withdrawn'));
  });
});
