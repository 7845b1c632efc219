import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { readMessageSet } from '#awala/cargo/message-set.ts';
import { readEnvelopedData } from '#awala/cms/enveloped-data.ts';
import { MAX_TTL_SECONDS } from '#awala/limits.ts';
import { MessageVerifier } from '#awala/message-verifier.ts';
import type { RamfMessage } from '#awala/ramf/message.ts';
import { generateSessionKey, type SessionCurve } from '#awala/sessions/session-key.ts';
import { cargoDeliveryAuthorization, type Peer, selfIssued } from '#test/builders/peers.ts';
import { OpenedGateway } from '#test/end-to-end/workers/opened-gateway.ts';
import type { CargoAuthorization } from './cargo-authorizer.ts';
import { CargoPacking } from './cargo-packing.ts';
import { type Fulfilment, Fulfilments } from './fulfilment.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

function messagesIn(plaintext: Uint8Array): Buffer[] {
  return [...readMessageSet(plaintext)].map((message) => Buffer.from(message));
}

describe('CargoPacking', () => {
  const message = Buffer.from('P message');
  let opened: OpenedGateway;
  let fulfilment: Fulfilment;
  /** The phone as the issuer of CDAs. */
  let issuer: Peer;
  /** Why the clock may be wrong. */
  let doubt: string | null;

  beforeEach(async () => {
    opened = await OpenedGateway.open();
    issuer = await selfIssued(opened.phone, {
      notBefore: after(-30 * DAY_MS),
      notAfter: after(400 * DAY_MS),
    });
    fulfilment = await new Fulfilments(opened).begin(
      await authorization({}),
      new AbortController().signal,
    );
    doubt = null;
    await phoneHasKey();
  });
  afterEach(() => opened[Symbol.asyncDispose]());

  function after(ms: number): Date {
    return new Date(opened.clock.now().getTime() + ms);
  }

  async function phoneHasKey(curve?: SessionCurve) {
    const key = generateSessionKey(curve);
    await opened.peerSessionKeys.remember(opened.phone.nodeId, key, opened.clock.now());
    return key;
  }

  /** @param cda - from when to when it is valid */
  async function authorization({
    fromMs = -10 * HOUR_MS,
    toMs = 30 * DAY_MS,
  }): Promise<CargoAuthorization> {
    const validity = { notBefore: after(fromMs), notAfter: after(toMs) };
    const { certificate } = await cargoDeliveryAuthorization(opened.us, issuer, validity);
    return {
      peer: opened.phone.nodeId,
      peerCertificate: opened.phone.certificate,
      cargoDeliveryAuthorization: certificate,
      rotationForms: [],
      ccaId: 'cca',
      expiresAt: after(14 * DAY_MS),
    };
  }

  async function packing(cda: { fromMs?: number; toMs?: number } = {}): Promise<CargoPacking> {
    const parts = { ...opened, ...opened.gateway, plausibility: { doubt } };
    return new CargoPacking(parts, await authorization(cda), fulfilment);
  }

  /** @param lifeMs - how long the message still lives */
  async function pack(by: CargoPacking, lifeMs = DAY_MS): Promise<RamfMessage> {
    const octets = await by.pack({
      messages: [message],
      octets: message.length,
      keys: [],
      expiresAt: after(lifeMs),
      stretches: [],
      release: () => {},
    });
    return new MessageVerifier().read(octets, 'cargo');
  }

  it('dates a cargo three hours back, in whole seconds', async () => {
    const cargo = await pack(await packing());
    assert.deepEqual(cargo.createdAt, after(-3 * HOUR_MS));
    opened.clock.advance(999);
    assert.deepEqual((await pack(await packing())).createdAt, cargo.createdAt);
  });

  it('dates it from the start of the CDA, if that is later, but never ahead', async () => {
    assert.deepEqual((await pack(await packing({ fromMs: -HOUR_MS }))).createdAt, after(-HOUR_MS));
    assert.deepEqual((await pack(await packing({ fromMs: HOUR_MS }))).createdAt, after(0));
  });

  it('dates it from the start of the CDA while the clock is in doubt', async () => {
    doubt = 'a witness says otherwise';
    for (const fromMs of [-10 * HOUR_MS, HOUR_MS]) {
      assert.deepEqual((await pack(await packing({ fromMs }))).createdAt, after(fromMs));
    }
  });

  it('lets it expire with the last of its messages, or with the CDA', async () => {
    assert.deepEqual((await pack(await packing(), 2 * HOUR_MS)).expiresAt, after(2 * HOUR_MS));
    const cargo = await pack(await packing({ toMs: HOUR_MS }), 2 * HOUR_MS);
    assert.deepEqual(cargo.expiresAt, after(HOUR_MS));
  });

  it('bounds how long it lives, below and above', async () => {
    assert.equal((await pack(await packing(), -4 * HOUR_MS)).ttlSeconds, 0);
    const by = await packing({ toMs: 300 * DAY_MS });
    assert.equal((await pack(by, 300 * DAY_MS)).ttlSeconds, MAX_TTL_SECONDS);
  });

  it('encrypts for the last key of the phone, under one key per CCA, also in later calls', async () => {
    opened.clock.advance(1_000);
    const latest = await phoneHasKey();
    const keys = new Set<string>();
    const by = await packing();
    for (const each of [by, by, await packing()]) {
      const envelope = readEnvelopedData((await pack(each)).payload);
      assert.deepEqual(messagesIn(envelope.decrypt(latest.privateKey)), [message]);
      keys.add(Buffer.from(envelope.originatorKey.id).toString('hex'));
    }
    assert.deepEqual([...keys], [Buffer.from(fulfilment.sessionKeyId).toString('hex')]);
  });

  it('makes another key for a phone whose keys are on another curve by now', async () => {
    await pack(await packing());
    const before = fulfilment.sessionKeyId;
    opened.clock.advance(1_000);
    const latest = await phoneHasKey('secp384r1');
    const envelope = readEnvelopedData((await pack(await packing())).payload);
    assert.deepEqual(messagesIn(envelope.decrypt(latest.privateKey)), [message]);
    assert.notDeepEqual(fulfilment.sessionKeyId, before);
  });
});
