import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { MessageVerifier } from '#awala/message-verifier.ts';
import {
  generateSessionKey,
  type SessionKey,
  serialiseSessionPrivateKey,
} from '#awala/sessions/session-key.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { InMemoryRecordStore } from '#record-store/in-memory.ts';
import { recordKind } from '#record-store/port.ts';
import { identity } from '#test/builders/peers.ts';
import { MemoryVault } from '#test/cogrpc/memory-vault.ts';
import type { CargoPhone } from '#test/peers/cargo-phone.ts';
import { START } from '../support/gateway-under-test.ts';
import { CourieredGateway } from './couriered-gateway.ts';
import {
  acknowledgedTo,
  type CourieredPhone,
  parcelOf,
  registerCouriered,
  signedByThief,
} from './thieving-courier.ts';

const DAY_MS = 86_400_000;

describe('A courier that signs what it carries for others into its own phone’s messages', () => {
  let couriered: CourieredGateway;
  let thief: CourieredPhone;
  let victim: CourieredPhone;

  before(async () => {
    couriered = await CourieredGateway.start();
    thief = await registerCouriered(couriered, 'thief');
    victim = await registerCouriered(couriered, 'victim');
  });
  after(() => couriered[Symbol.asyncDispose]());

  /** Delivers the thief's cargo first, as the courier can, then the victim's own. */
  async function assertTellsTheVictimAlone(cargoes: CargoPhone): Promise<void> {
    const parcel = await parcelOf(victim, couriered.gateway.clock.now());
    const cargo = await cargoes.cargo([parcel], { senderKey: cargoes.sessionKey });
    const { id } = new MessageVerifier().read(new Uint8Array(parcel), 'parcel');

    await couriered.deliver(await signedByThief(couriered, thief.peer, cargo, 'cargo'));
    await couriered.unpacked();
    assert.deepEqual(await couriered.setAside(), [
      'the cargo cannot be decrypted, or holds no set of messages',
    ]);
    assert.deepEqual(await acknowledgedTo(couriered, thief.cargoes), []);

    await couriered.forgetSetAside();
    await couriered.deliver(cargo);
    await couriered.unpacked();
    assert.deepEqual(await acknowledgedTo(couriered, thief.cargoes), []);
    assert.ok((await acknowledgedTo(couriered, cargoes)).includes(id));
  }

  it('learns nothing from cargo under the key of a registration', async () => {
    await assertTellsTheVictimAlone(victim.cargoes);
  });

  it('learns nothing from cargo under the key that the gateway’s cargo brought', async () => {
    await couriered.gateway.hold(victim.peer);
    const { cargoes } = await couriered.courier.collectAll(await victim.cargoes.cca());
    const [cargo] = cargoes;
    assert.ok(cargo);
    const { senderKey } = victim.cargoes.open(cargo);
    await assertTellsTheVictimAlone(victim.cargoes.using(senderKey));
  });

  it('is told of another’s CCA what it is told of any rubbish', async () => {
    const stolen = await victim.cargoes.cca();
    const cca = await signedByThief(couriered, thief.peer, stolen, 'cca');
    const rubbish = await thief.cargoes.cca({ recipientKey: generateSessionKey() });
    const ends = await Promise.all(
      [cca, rubbish].map((each) => couriered.courier.collectAll(each)),
    );
    assert.equal(ends[0]?.end.code, status.UNAUTHENTICATED);
    assert.deepEqual(ends[0], ends[1]);
    assert.equal((await couriered.courier.collectAll(stolen)).end.code, status.OK);
  });
});

/** A key that every phone was given, as versions before the switch stored it. */
async function formerKeyIn(records: InMemoryRecordStore, createdAt: Date): Promise<SessionKey> {
  const pair = generateSessionKey();
  const id = `initial/${Buffer.from(pair.id).toString('hex')}`;
  const vault = new MemoryVault(identity('us'));
  const sealedPrivateKey = await vault.seal(serialiseSessionPrivateKey(pair), id);
  const expiresAt = new Date(createdAt.getTime() + 210 * DAY_MS);
  const fields = { publicKey: pair.publicKey, sealedPrivateKey, createdAt };
  await records.set(recordKind('session-key'), id, fields, { expiresAt });
  return pair;
}

describe('A phone that a former version of the gateway gave the key that all others had', () => {
  let couriered: CourieredGateway;
  let clock: ManualClock;
  let formerKey: SessionKey;

  before(async () => {
    clock = new ManualClock(new Date(START.getTime() + 10 * DAY_MS));
    const records = new InMemoryRecordStore({ clock });
    formerKey = await formerKeyIn(records, START);
    couriered = await CourieredGateway.start({ clock, records });
  });
  after(() => couriered[Symbol.asyncDispose]());

  it('goes on as before, and whoever registers after the switch cannot use that key', async () => {
    const old = await registerCouriered(couriered, 'old phone');
    const oldCargoes = old.cargoes.using(formerKey);
    clock.advance(20 * DAY_MS);
    const thief = await registerCouriered(couriered, 'thief');
    const parcel = await parcelOf(old, clock.now());
    const cargo = await oldCargoes.cargo([parcel], { senderKey: old.cargoes.sessionKey });

    await couriered.deliver(await signedByThief(couriered, thief.peer, cargo, 'cargo'), cargo);
    await couriered.unpacked();

    assert.equal((await couriered.setAside()).length, 1);
    assert.deepEqual(await acknowledgedTo(couriered, thief.cargoes), []);
    const { id } = new MessageVerifier().read(new Uint8Array(parcel), 'parcel');
    assert.deepEqual(await acknowledgedTo(couriered, oldCargoes), [id]);
    const used = couriered.metrics.sessionMessages;
    assert.deepEqual(used, { 'former opened': 2, 'former refused': 1, 'registration opened': 1 });
  });
});

describe('The key in the connection parameters', () => {
  for (const [setting, outcome] of [
    ['true', 'opened'],
    ['false', 'refused'],
  ] as const) {
    it(`with ACCEPT_PUBLISHED_SESSION_KEY=${setting} is ${outcome}, and counted`, async () => {
      await using couriered = await CourieredGateway.start(
        {},
        { ACCEPT_PUBLISHED_SESSION_KEY: setting },
      );
      const phone = await registerCouriered(couriered, 'phone');
      const published = await couriered.gateway.running.gateway.sessionKeys.publishedKey();
      const cca = await phone.cargoes.cca({ recipientKey: published });
      const { code } = (await couriered.courier.collectAll(cca)).end;
      assert.equal(code, outcome === 'opened' ? status.OK : status.UNAUTHENTICATED);
      assert.deepEqual(couriered.metrics.sessionMessages, { [`published ${outcome}`]: 1 });
    });
  }
});
