import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { messageSetDer } from '#awala/cargo/message-set.ts';
import { encodeDer } from '#awala/der/writer.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { InMemoryRecordStore } from '#record-store/in-memory.ts';
import type { Peer } from '#test/builders/peers.ts';
import { certified, parcelOn, type Road, secondsFrom } from '#test/builders/road.ts';
import { HttpClient, PARCEL_TYPE } from '#test/peers/http-client.ts';
import { START } from '../support/gateway-under-test.ts';
import { deauthorisationOn } from '../support/withdrawing.ts';
import { CourieredGateway } from './couriered-gateway.ts';

const ON = { ACCEPT_WITHDRAWALS: 'true' };

describe('a phone behind a courier that withdraws an authorisation', () => {
  let clock: ManualClock;
  let writes: number;
  let records: InMemoryRecordStore;
  let couriered: CourieredGateway;
  let road: Road;

  beforeEach(async () => {
    clock = new ManualClock(START);
    writes = 0;
    records = new InMemoryRecordStore({
      clock,
      before: ({ method, kind }) => {
        writes += Number(kind === 'withdrawn' && (method === 'create' || method === 'set'));
      },
    });
    couriered = await CourieredGateway.start({ clock, records }, ON);
    road = couriered.road;
  });
  afterEach(() => couriered[Symbol.asyncDispose]());

  const parcel = (sender: Peer = road.sender) =>
    parcelOn(road, { sender, id: randomUUID(), createdAt: clock.now() });

  const cargo = (messages: readonly Uint8Array[]) =>
    couriered.cargo(messages, { id: randomUUID(), createdAt: clock.now() });

  /** A cargo of another phone. */
  async function cargoOf({ phone }: Road, messages: readonly Uint8Array[]): Promise<Buffer> {
    const { sessionKeys } = couriered.gateway.running.gateway;
    const key = await sessionKeys.registrationKey(phone.nodeId);
    const payload = couriered.seal(encodeDer(messageSetDer(messages)), key);
    return couriered.craft('cargo', { sender: phone, payload, id: randomUUID() });
  }

  /** @returns what is counted until the cargo is unpacked */
  function unpacking(octets: Uint8Array): Promise<Record<string, number>> {
    return couriered.counting(async () => {
      await couriered.deliver(octets);
      await couriered.unpacked();
    });
  }

  async function byPohttp(octets: Uint8Array): Promise<number> {
    using client = new HttpClient(couriered.gateway.pohttp);
    const headers = { 'content-type': PARCEL_TYPE };
    return (await client.post('/', { headers, body: octets })).status;
  }

  it('gets no more parcels under it, out of cargo neither', async () => {
    const neighbour = await couriered.gateway.road('neighbour');
    await unpacking(cargo([deauthorisationOn(road)]));
    assert.equal(await byPohttp(parcel()), 403);
    const counted = await unpacking(await cargoOf(neighbour, [parcel()]));
    assert.equal(counted['parcelRefused cargo withdrawn'], 1);
    assert.equal(await couriered.gateway.heldFor(road.phone), 0);
  });

  it('is the only one that can: what another phone’s cargo says changes nothing', async () => {
    const attacker = await couriered.gateway.road('attacker');
    await unpacking(
      await cargoOf(attacker, [
        deauthorisationOn(road),
        deauthorisationOn(road, { serialNumbers: [] }),
      ]),
    );
    assert.equal(writes, 1);
    assert.equal(await byPohttp(parcel()), 202);
  });

  it('is not harmed by a courier that brings the cargo again after the sender is authorised anew', async () => {
    const carried = cargo([deauthorisationOn(road, { serialNumbers: [] })]);
    await unpacking(carried);
    const anew = certified(road, road.sender, road.recipient, { notBefore: secondsFrom(road, 60) });
    clock.advance(120_000);
    await unpacking(carried);
    assert.equal(await byPohttp(parcel(anew)), 202);
    assert.equal(await byPohttp(parcel()), 403);
    assert.equal(writes, 1);
  });

  it('writes once for ten thousand of them, and has room for 512', async () => {
    const many = Array.from({ length: 10_000 }, (_, index) =>
      deauthorisationOn(road, { serialNumbers: [Uint8Array.of(1, index >> 8, index & 0xff)] }),
    );
    const counted = await unpacking(cargo([...many, deauthorisationOn(road)]));
    assert.equal(counted['parcelRefused cargo over-quota'], 10_001 - 512);
    assert.equal(writes, 1);
    const [record] = await Array.fromAsync(records.list({ name: 'withdrawn' }, ''));
    const { list } = record?.fields ?? {};
    assert.ok(list instanceof Uint8Array && list.length <= 16_384);
    assert.equal(await byPohttp(parcel()), 202);

    const next = await unpacking(cargo([deauthorisationOn(road), many[0] ?? Buffer.alloc(0)]));
    assert.equal(next['parcelRefused cargo over-quota'], 1);
    assert.equal(writes, 1);
  });

  it('has the rest of its cargo accepted if a withdrawal is malformed or over', async () => {
    const counted = await unpacking(
      cargo([
        deauthorisationOn(road).subarray(0, -1),
        Buffer.from('Awala\x52\x00', 'latin1'),
        deauthorisationOn(road, { expiresAt: clock.now() }),
        parcel(),
        deauthorisationOn(road),
      ]),
    );
    assert.equal(counted['parcelRefused cargo malformed'], 2);
    assert.equal(counted['parcelRefused cargo expired'], 1);
    assert.equal(await couriered.gateway.heldFor(road.phone), 1);
    assert.equal(await byPohttp(parcel()), 403);
  });

  it('says nothing that is heeded, by default', async () => {
    await using off = await CourieredGateway.start({ clock });
    const counted = await off.counting(async () => {
      await off.deliver(off.cargo([deauthorisationOn(off.road), parcelOn(off.road)]));
      await off.unpacked();
    });
    assert.equal(counted['parcelAccepted cargo gateway'], 1);
    assert.ok(!Object.keys(counted).some((name) => name.startsWith('parcelRefused')));
    const unpacked = off.gateway.logged.map((line) => JSON.parse(line));
    const { items } = unpacked.find(({ step }) => step === 'unpacked');
    assert.deepEqual(items, { ignored: 1, accepted: 1 });
  });
});
