import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { epochIdOf } from '#awala/sessions/derived-session-key.ts';
import { systemClock } from '#clock/clock.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { SESSION_KEY } from '#gateway/identity/sessions/stored-session-keys.ts';
import { InMemoryObjectStore } from '#object-store/in-memory.ts';
import { InMemoryRecordStore } from '#record-store/in-memory.ts';
import { base64, messagesOf } from '#test/cogrpc/collected.ts';
import { holdParcels, openCogrpc } from '#test/cogrpc/opened-cogrpc.ts';
import { CargoPhone } from '#test/peers/cargo-phone.ts';
import { authorizationOf, Courier } from '#test/peers/courier.ts';

const DAY_MS = 86_400_000;
const OK = { code: status.OK, details: 'OK' };

/** Collects until the CCA is used up, with calls that each take only so many cargoes. */
async function collectInPieces(
  courier: Courier,
  cca: Buffer,
  cargoesPerCall: number,
): Promise<{ cargoes: Buffer[]; calls: number }> {
  const cargoes: Buffer[] = [];
  for (let calls = 1; ; calls++) {
    const stream = courier.collect([authorizationOf(cca)]);
    let taken = 0;
    stream.onMessage = ({ id, cargo }) => {
      taken += 1;
      if (taken <= cargoesPerCall) {
        cargoes.push(Buffer.from(cargo));
        stream.send({ id });
      } else {
        stream.call.end();
      }
    };
    if ((await stream.ended).code === status.OK) {
      return { cargoes, calls };
    }
  }
}

describe('CollectCargo with a CCA, which', () => {
  it('is in use ends well, though eleven others call with it meanwhile', async () => {
    await using opened = await openCogrpc();
    using courier = new Courier(opened.port);
    const phone = await CargoPhone.register(opened);
    await holdParcels(opened, phone.peer, { count: 1, octets: 100 });
    const authorization = [authorizationOf(await phone.cca())];
    const first = courier.collect(authorization);
    await first.receivedAtLeast(1);
    using thief = new Courier(opened.port);
    using another = new Courier(opened.port);
    const others = Array.from({ length: 11 }, (_, index) =>
      (index < 6 ? thief : another).collect(authorization),
    );
    const ends = await Promise.all(others.map(({ ended }) => ended));
    assert.deepEqual(new Set(ends.map(({ code }) => code)), new Set([status.ABORTED]));
    first.send({ id: first.received[0]?.id ?? '' });
    assert.deepEqual(await first.ended, OK);
  });

  it('may be used once, also after a restart', async () => {
    const records = new InMemoryRecordStore({ clock: systemClock });
    const objects = new InMemoryObjectStore();
    let cca: Buffer;
    {
      await using opened = await openCogrpc({ records, objects });
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      await holdParcels(opened, phone.peer, { count: 2, octets: 100 });
      cca = await phone.cca();
      assert.deepEqual((await courier.collectAll(cca)).end, OK);
      assert.equal((await courier.collectAll(cca)).end.code, status.PERMISSION_DENIED);
    }
    await using opened = await openCogrpc({ records, objects });
    using courier = new Courier(opened.port);
    const { cargoes, end } = await courier.collectAll(cca);
    assert.deepEqual([cargoes.length, end.code], [0, status.PERMISSION_DENIED]);
  });

  it('is resumed where the acknowledgements stopped, so that nothing comes twice', async () => {
    await using opened = await openCogrpc();
    using courier = new Courier(opened.port);
    const phone = await CargoPhone.register(opened);
    const held = await holdParcels(opened, phone.peer, { count: 40, octets: 100_000 });
    const { cargoes, calls } = await collectInPieces(courier, await phone.cca(), 3);
    const parcels = base64(messagesOf(phone, cargoes));
    assert.ok(calls > 1);
    assert.equal(parcels.length, held.size);
    assert.deepEqual(new Set(parcels), held);
  });

  it('is not blamed for a session key of ours that is damaged', async () => {
    const records = new InMemoryRecordStore({ clock: systemClock });
    await using opened = await openCogrpc({ records });
    using courier = new Courier(opened.port);
    const phone = await CargoPhone.register(opened);
    await holdParcels(opened, phone.peer, { count: 40, octets: 100_000 });
    const cca = await phone.cca();
    const stream = courier.collect([authorizationOf(cca)]);
    stream.onMessage = ({ id }) => {
      stream.onMessage = () => stream.call.end();
      stream.send({ id });
    };
    await stream.ended;
    for await (const { id, fields } of records.list(SESSION_KEY, 'bound/')) {
      const sealedPrivateKey = await opened.vault.seal(Buffer.from('no key'), id);
      await records.set(SESSION_KEY, id, { ...fields, sealedPrivateKey }, {});
    }
    const { end } = await courier.collectAll(cca);
    assert.deepEqual(end, { code: status.INTERNAL, details: 'The gateway failed' });
  });

  it('is resumed without what was acknowledged out of order', async () => {
    await using opened = await openCogrpc();
    using courier = new Courier(opened.port);
    const phone = await CargoPhone.register(opened);
    const held = await holdParcels(opened, phone.peer, { count: 10, octets: 200_000 });
    const cca = await phone.cca();
    const stream = courier.collect([authorizationOf(cca)]);
    await stream.receivedAtLeast(3);
    const [first, second, third] = stream.received;
    assert.ok(first && second && third);
    stream.send({ id: third.id });
    stream.send({ id: second.id });
    stream.call.end();
    assert.equal((await stream.ended).code, status.ABORTED);
    const rest = await courier.collectAll(cca);
    assert.deepEqual(rest.end, OK);
    const cargoes = [second.cargo, third.cargo, ...rest.cargoes];
    const parcels = base64(messagesOf(phone, cargoes));
    assert.equal(parcels.length, held.size);
    assert.deepEqual(new Set(parcels), held);
  });

  it('serves one of two couriers that race with it', async () => {
    await using opened = await openCogrpc();
    using one = new Courier(opened.port);
    using other = new Courier(opened.port);
    const phone = await CargoPhone.register(opened);
    await holdParcels(opened, phone.peer, { count: 5, octets: 1_000 });
    const cca = await phone.cca();
    const results = await Promise.all([one.collectAll(cca), other.collectAll(cca)]);
    const [winner, loser] = results.sort((a, b) => a.end.code - b.end.code);
    assert.deepEqual(winner?.end, OK);
    assert.equal(messagesOf(phone, winner.cargoes).length, 5);
    assert.deepEqual([loser?.cargoes.length, loser?.end.code], [0, status.PERMISSION_DENIED]);
  });

  it('is refused for now, not for good, while another courier still uses it', async () => {
    await using opened = await openCogrpc();
    using slow = new Courier(opened.port);
    using other = new Courier(opened.port);
    const phone = await CargoPhone.register(opened);
    await holdParcels(opened, phone.peer, { count: 1, octets: 1_000 });
    const cca = await phone.cca();
    const first = slow.collect([authorizationOf(cca)]);
    await first.receivedAtLeast(1);
    const { cargoes, end } = await other.collectAll(cca);
    assert.deepEqual([cargoes.length, end.code], [0, status.ABORTED]);
    first.send({ id: first.received[0]?.id ?? '' });
    assert.deepEqual(await first.ended, OK);
  });

  it('is not used up by a call in which something was not acknowledged', async () => {
    await using opened = await openCogrpc();
    using courier = new Courier(opened.port);
    const phone = await CargoPhone.register(opened);
    await holdParcels(opened, phone.peer, { count: 1, octets: 1_000 });
    const cca = await phone.cca();
    const stream = courier.collect([authorizationOf(cca)]);
    await stream.receivedAtLeast(1);
    stream.call.cancel();
    await stream.ended;
    const { cargoes, end } = await courier.collectAll(cca);
    assert.deepEqual([cargoes.length, end], [1, OK]);
  });

  it('is good while it is under way for weeks, though our session key is replaced meanwhile', async () => {
    const clock = new ManualClock();
    await using opened = await openCogrpc({ clock });
    using courier = new Courier(opened.port);
    const before = await opened.sessionKeys.publishedKey();
    const epochBefore = epochIdOf((await opened.sessionKeys.registrationKey('x')).id);
    clock.advance(20 * DAY_MS);
    const phone = await CargoPhone.register(opened);
    await holdParcels(opened, phone.peer, { count: 1, octets: 100, ttlMs: 60 * DAY_MS });
    const cca = await phone.cca();
    clock.advance(13 * DAY_MS);
    const after = await opened.sessionKeys.publishedKey();
    const epochAfter = epochIdOf((await opened.sessionKeys.registrationKey('x')).id);
    assert.notDeepEqual(epochAfter, epochBefore);
    assert.notDeepEqual(after.id, before.id);
    const { cargoes, end } = await courier.collectAll(cca);
    assert.deepEqual([cargoes.length, end], [1, OK]);
  });

  for (const scheme of ['Relaynet-CCA', 'Awala-CCA']) {
    for (const name of ['awala.cogrpc.CargoRelay', 'relaynet.cogrpc.CargoRelay'] as const) {
      it(`is taken as ${scheme} by ${name}`, async () => {
        await using opened = await openCogrpc();
        using courier = new Courier(opened.port, { name });
        const phone = await CargoPhone.register(opened);
        const cca = await phone.cca();
        const stream = courier.collect([`${scheme} ${cca.toString('base64')}`]);
        assert.deepEqual(await stream.ended, OK);
      });
    }
  }
});
