import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { readMessageSet } from '#awala/cargo/message-set.ts';
import { readEnvelopedData } from '#awala/cms/enveloped-data.ts';
import { MessageVerifier } from '#awala/message-verifier.ts';
import { ClockPlausibility } from '#clock/clock-plausibility.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { base64 } from '#test/cogrpc/collected.ts';
import { Courier } from '#test/cogrpc/courier.ts';
import { holdParcels, type OpenedCogrpc, openCogrpc } from '#test/cogrpc/opened-cogrpc.ts';
import { CargoPhone } from '#test/cogrpc/phone.ts';

const HOUR_MS = 3_600_000;

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
