import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';

import { readMessageSet, typeOfCargoMessage } from '#awala/cargo/message-set.ts';
import { readEnvelopedData } from '#awala/cms/enveloped-data.ts';
import { MessageVerifier } from '#awala/message-verifier.ts';
import { ClockPlausibility } from '#clock/clock-plausibility.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { base64, messagesOf } from '#test/cogrpc/collected.ts';
import { holdParcels, type OpenedCogrpc, openCogrpc } from '#test/cogrpc/opened-cogrpc.ts';
import { CargoPhone } from '#test/peers/cargo-phone.ts';
import { authorizationOf, Courier } from '#test/peers/courier.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const OK = { code: status.OK, details: 'OK' };

describe('CollectCargo, while the clock is in doubt,', () => {
  let clock: ManualClock;
  let plausibility: ClockPlausibility;
  let opened: OpenedCogrpc;
  let courier: Courier;

  beforeEach(async () => {
    clock = new ManualClock(new Date('2026-03-01T12:00:00Z'));
    plausibility = new ClockPlausibility({ clock, notBefore: new Date(0) });
    opened = await openCogrpc({ clock, plausibility });
    courier = new Courier(opened.port);
  });
  afterEach(async () => {
    courier[Symbol.dispose]();
    await opened[Symbol.asyncDispose]();
  });

  /** A witness says that the clock is so far ahead. */
  function witness(offsetMs: number): void {
    const oursMs = clock.now().getTime();
    plausibility.hear({ by: 'a witness', theirsMs: oursMs - offsetMs, oursMs });
  }

  /** A phone whose certificate ends soon. */
  function phoneToRotate(): Promise<CargoPhone> {
    const { notBefore } = opened.gateway.certificate;
    const notAfter = new Date(clock.now().getTime() + 80 * DAY_MS);
    return CargoPhone.register(opened, { validity: { notBefore, notAfter } });
  }

  function rotationsIn(phone: CargoPhone, cargoes: readonly Uint8Array[]): number {
    return messagesOf(phone, cargoes).filter(
      (message) => typeOfCargoMessage(message) === 'certificate-rotation',
    ).length;
  }

  it('sends parcels and no new certificate, which comes with the next CCA', async () => {
    const phone = await phoneToRotate();
    await holdParcels(opened, phone.peer, { count: 2, octets: 100 });
    witness(DAY_MS);
    const inDoubt = await courier.collectAll(await phone.cca());
    assert.deepEqual(inDoubt.end, OK);
    assert.equal(messagesOf(phone, inDoubt.cargoes).length, 2);
    assert.equal(rotationsIn(phone, inDoubt.cargoes), 0);
    witness(0);
    const { cargoes } = await courier.collectAll(await phone.cca());
    assert.ok(rotationsIn(phone, cargoes) > 0);
  });

  it('leaves the new certificate for the next call, if the CCA is not used up', async () => {
    const phone = await phoneToRotate();
    const held = await holdParcels(opened, phone.peer, { count: 10, octets: 200_000 });
    const cca = await phone.cca();
    witness(DAY_MS);
    const stream = courier.collect([authorizationOf(cca)]);
    await stream.receivedAtLeast(2);
    const [first] = stream.received;
    assert.ok(first);
    stream.send({ id: first.id });
    stream.call.end();
    assert.equal((await stream.ended).code, status.ABORTED);
    witness(0);
    const rest = await courier.collectAll(cca);
    assert.deepEqual(rest.end, OK);
    const rotations = rotationsIn(phone, rest.cargoes);
    assert.ok(rotations > 0);
    const messages = base64(messagesOf(phone, [first.cargo, ...rest.cargoes]));
    assert.equal(messages.length, held.size + rotations);
    assert.ok([...held].every((parcel) => messages.includes(parcel)));
  });

  it('sends what has not expired by the phone’s clock, in cargo that is good by it', async () => {
    const phone = await CargoPhone.register(opened);
    const rightTime = clock.now();
    const held = await holdParcels(opened, phone.peer, { count: 1, octets: 100, ttlMs: HOUR_MS });
    const cca = await phone.cca();
    clock.advance(10 * HOUR_MS);
    witness(10 * HOUR_MS);
    const { cargoes } = await courier.collectAll(cca);
    assert.equal(cargoes.length, 1);
    const cargo = new MessageVerifier().read(cargoes[0] ?? new Uint8Array(), 'cargo');
    assert.ok(cargo.createdAt <= rightTime, `${cargo.createdAt}`);
    assert.ok(cargo.expiresAt > rightTime, `${cargo.expiresAt}`);
    const plaintext = readEnvelopedData(cargo.payload).decrypt(phone.sessionKey.privateKey);
    assert.deepEqual(new Set(base64([...readMessageSet(plaintext)])), held);
  });
});
