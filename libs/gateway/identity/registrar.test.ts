import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InvalidMessageError } from '#awala/errors.ts';
import { parseRegistration } from '#awala/registration/registration.ts';
import { serialiseRegistrationRequest } from '#awala/registration/request.ts';
import { BackingUnavailableError, ClockInDoubtError } from '#backing/errors.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { silentLog } from '#log/log.ts';
import { InMemoryRecordStore } from '#record-store/in-memory.ts';
import { nobodyBlocked } from '#test/builders/nobody-blocked.ts';
import { identity as keyCalled, preRegistrationBody } from '#test/builders/peers.ts';
import { MemoryVault } from '#test/cogrpc/memory-vault.ts';
import { RecordedMetrics } from '#test/end-to-end/workers/recorded.ts';
import { Identity } from './identity.ts';
import { Registrar } from './registrar.ts';
import { SessionKeys } from './sessions/session-keys.ts';

/** Fails to sign on demand. */
class FailingVault extends MemoryVault {
  isDown = false;

  override sign(data: Uint8Array): Promise<Uint8Array> {
    return this.isDown
      ? Promise.reject(new BackingUnavailableError('key-vault', 'down'))
      : super.sign(data);
  }
}

const phone = keyCalled('phone');

async function opened() {
  const clock = new ManualClock();
  const records = new InMemoryRecordStore({ clock });
  const vault = new FailingVault(keyCalled('this gateway'));
  const parts = { clock, records, vault, log: silentLog, metrics: new RecordedMetrics() };
  const identity = await Identity.open(parts);
  const sessionKeys = new SessionKeys(parts);
  const internetAddress = 'gateway.example';
  const plausibility: { doubt: string | null } = { doubt: null };
  const policy = nobodyBlocked(clock);
  const established = new Set<string>();
  const renewalNotes = { isEstablished: async (peer: string) => established.has(peer) };
  const admission = { admit: async () => {} };
  const own = {
    identity,
    policy,
    admission,
    sessionKeys,
    renewalNotes,
    internetAddress,
    plausibility,
  };
  const registrar = new Registrar({ ...parts, ...own });
  const authorise = () => registrar.authorise(preRegistrationBody(phone));
  const requestWith = (authorization: Uint8Array, by = phone) =>
    serialiseRegistrationRequest({ publicKey: by.spki, authorization }, by.sign);
  const { counts } = parts.metrics;
  return { clock, vault, plausibility, counts, registrar, established, authorise, requestWith };
}

describe('the registrar', () => {
  it('certifies the key that the authorization is for', async () => {
    const { registrar, authorise, requestWith } = await opened();
    const request = await requestWith(await authorise());

    const { peerCertificate } = parseRegistration(await registrar.register(request));

    assert.equal(peerCertificate.nodeId, phone.nodeId);
  });

  it('says in the certificate whether its holder was established before', async () => {
    const { clock, registrar, established, authorise, requestWith } = await opened();
    const register = async () =>
      parseRegistration(await registrar.register(await requestWith(await authorise())));
    assert.equal((await register()).peerCertificate.isOfEstablished, false);
    established.add(phone.nodeId);
    clock.advance(1_000);
    assert.equal((await register()).peerCertificate.isOfEstablished, true);
  });

  it('signs once for an authorization, however often it is shown', async () => {
    const { vault, registrar, authorise, requestWith } = await opened();
    const authorization = await authorise();
    const signaturesBefore = vault.signatures;

    const together = await Promise.all(
      [1, 2, 3].map(async () => registrar.register(await requestWith(authorization))),
    );
    const again = await registrar.register(await requestWith(authorization));

    assert.equal(vault.signatures - signaturesBefore, 1);
    for (const each of together) {
      assert.deepEqual(each, again);
    }
  });

  it('signs again if it failed before', async () => {
    const { vault, registrar, authorise, requestWith } = await opened();
    const request = await requestWith(await authorise());
    vault.isDown = true;
    await assert.rejects(registrar.register(request), BackingUnavailableError);

    vault.isDown = false;

    parseRegistration(await registrar.register(request));
  });

  it('refuses an authorization that has expired, or is for another key, also if it was used', async () => {
    const { clock, registrar, authorise, requestWith } = await opened();
    const authorization = await authorise();
    await registrar.register(await requestWith(authorization));
    const refusal = (code: string) => (error: unknown) =>
      error instanceof InvalidMessageError && error.code === code;

    const stolen = await requestWith(authorization, keyCalled('thief'));
    await assert.rejects(registrar.register(stolen), refusal('wrong-key'));

    clock.advance(9_000);
    const late = await requestWith(authorization);
    await assert.rejects(registrar.register(late), refusal('expired'));
  });

  it('refuses an authorization that a clock gave which was a year ahead, however long it would live', async () => {
    const { clock, registrar, authorise, requestWith } = await opened();
    const now = clock.now();
    clock.set(new Date(now.getTime() + 365 * 86_400_000));
    const authorization = await authorise();
    clock.set(now);
    await assert.rejects(registrar.register(await requestWith(authorization)), {
      code: 'expired',
    });
  });

  it('neither authorises nor certifies anybody while the clock is in doubt, and counts it', async () => {
    const { plausibility, counts, registrar, authorise, requestWith } = await opened();
    const request = await requestWith(await authorise());
    plausibility.doubt = 'it jumped';
    await assert.rejects(authorise(), ClockInDoubtError);
    await assert.rejects(registrar.register(request), ClockInDoubtError);
    assert.equal(counts.postponedForClock, 2);
    plausibility.doubt = null;
    parseRegistration(await registrar.register(request));
  });
});
