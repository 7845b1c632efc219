import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { BackingUnavailableError } from '#backing/errors.ts';
import { type Clock, systemClock } from '#clock/clock.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { uniqueName } from '#test/backing/backing.ts';
import { startKmsServer } from '#test/backing/kms-server/kms-server.ts';
import { until } from '#test/runtime/until.ts';
import { SealBrokenError } from '../port.ts';
import { createNamedKeys } from './create-keys.ts';
import { GoogleKmsVault } from './key-vault.ts';

const DATA = Buffer.from('what is signed');
const HOUR_MS = 3_600_000;

describe('a vault over a disturbed Cloud KMS', () => {
  it('takes one call to sign, and one for all that it seals and unseals', async () => {
    await using opened = await open();
    const { vault, calls } = opened;
    await vault.publicKey();
    await vault.publicKey();
    await vault.sign(DATA);
    const sealed = await Promise.all(
      Array.from({ length: 50 }, (_, index) => vault.seal(DATA, `peer-${index}`)),
    );
    await Promise.all(sealed.map((value, index) => vault.unseal(value, `peer-${index}`)));
    assert.deepEqual(calls(), { GetPublicKey: 1, AsymmetricSign: 1, Encrypt: 1, Decrypt: 1 });
  });

  it('forgets data keys after an hour', async () => {
    await using opened = await open();
    const { vault, calls } = opened;
    const sealed = await vault.seal(DATA, 'a');
    await vault.unseal(sealed, 'a');
    opened.passHours(1);
    await vault.unseal(sealed, 'a');
    assert.notDeepEqual((await vault.seal(DATA, 'a')).subarray(0, 60), sealed.subarray(0, 60));
    assert.deepEqual(calls(), { Encrypt: 2, Decrypt: 2 });
  });

  it('forgets them when their hour is over, and not when it is next asked', async () => {
    await using opened = await open();
    const { vault, calls } = opened;
    const sealed = await vault.seal(DATA, 'a');
    await vault.unseal(sealed, 'a');
    // Only what it has scheduled comes: by the time that it reads, they would do.
    opened.timers.advance(HOUR_MS);
    await vault.unseal(sealed, 'a');
    await vault.seal(DATA, 'a');
    assert.deepEqual(calls(), { Encrypt: 2, Decrypt: 2 });
  });

  for (const code of [status.UNAVAILABLE, status.INTERNAL, status.RESOURCE_EXHAUSTED]) {
    it(`asks again after ${status[code]}`, async () => {
      await using opened = await open();
      opened.faults.failNext(1, code);
      assert.equal((await opened.vault.sign(DATA)).length, 256);
      opened.faults.failNext(1, code);
      const sealed = await opened.vault.seal(DATA, 'a');
      opened.faults.failNext(1, code);
      assert.deepEqual(Buffer.from(await opened.vault.unseal(sealed, 'a')), DATA);
    });
  }

  it('believes no answer, and no receipt, that its checksum does not fit', async () => {
    await using opened = await open();
    const { vault, faults } = opened;
    const sealed = await vault.seal(DATA, 'a');
    faults.corruptAnswers = true;
    await assert.rejects(vault.sign(DATA), BackingUnavailableError);
    await assert.rejects(vault.publicKey(), BackingUnavailableError);
    await assert.rejects(vault.unseal(sealed, 'a'), BackingUnavailableError);
    faults.clear();
    faults.denyVerification = true;
    await assert.rejects(vault.sign(DATA), BackingUnavailableError);
    faults.clear();
    assert.equal((await vault.sign(DATA)).length, 256);
    assert.deepEqual(Buffer.from(await vault.unseal(sealed, 'a')), DATA);
  });

  it('takes no identity key under which a CCA outgrows what Android’s couriers take', async () => {
    await using opened = await open();
    opened.faults.signingAlgorithm = 'RSA_SIGN_PSS_4096_SHA256';
    await assert.rejects(opened.vault.publicKey(), /is of RSA_SIGN_PSS_4096_SHA256/);
    opened.faults.signingAlgorithm = 'RSA_SIGN_PSS_3072_SHA256';
    assert.ok((await opened.vault.publicKey()).length > 0);
  });

  it('says which permission is missing, and does not ask again', async () => {
    await using opened = await open();
    opened.faults.denied.add('AsymmetricSign');
    await assert.rejects(opened.vault.check(), /PERMISSION_DENIED/);
    assert.deepEqual(opened.calls(), { AsymmetricSign: 1 });
  });

  for (const [need, method] of [
    ['seal', 'Encrypt'],
    ['unseal', 'Decrypt'],
  ] as const) {
    it(`is not said to ${need} for a service that may only sign`, async () => {
      await using opened = await open();
      opened.faults.denied.add(method);
      await opened.vault.check();
      await assert.rejects(opened.vault.check(['sign', need]), /PERMISSION_DENIED/);
    });

    it(`is asked to ${need} by checks each ten minutes, or when it has failed`, async () => {
      await using opened = await open();
      const { vault, calls, faults } = opened;
      const sealed = await vault.seal(DATA, 'a');
      await vault.check([need]);
      await vault.check([need]);
      const before = calls()[method] ?? 0;
      opened.passHours(1);
      await vault.check([need]);
      assert.equal(calls()[method], before + 1);
      faults.denied.add(method);
      await vault.check([need]);
      await assert.rejects(need === 'seal' ? vault.seal(DATA, 'a') : vault.unseal(sealed, 'a'));
      await assert.rejects(vault.check([need]), /PERMISSION_DENIED/);
    });
  }

  it('is not said to unseal where it cannot be known what, but for the right to', async () => {
    await using opened = await open();
    await opened.vault.check(['unseal']);
    assert.deepEqual(opened.calls(), { Decrypt: 1 });
  });

  it('is said to unseal though something to unseal comes to be known amid the check', async () => {
    await using opened = await open();
    opened.faults.failNext(1, status.UNAVAILABLE);
    const checked = opened.vault.check(['unseal']);
    await until(() => opened.calls().Decrypt === 1);
    await opened.vault.seal(DATA, 'a');
    await checked;
    assert.deepEqual(opened.calls(), { Decrypt: 2, Encrypt: 1 });
  });

  it('unseals without a call what it has the data key of, while Cloud KMS is away', async () => {
    await using opened = await open();
    const sealed = await opened.vault.seal(DATA, 'a');
    await opened.vault.unseal(sealed, 'a');
    opened.faults.failNext(1_000, status.UNAVAILABLE);
    assert.deepEqual(Buffer.from(await opened.vault.unseal(sealed, 'a')), DATA);
    await assert.rejects(opened.vault.sign(DATA), BackingUnavailableError);
  });

  it('fails at its deadline when Cloud KMS is slow, and at once after some failures', async () => {
    await using opened = await open({ deadlineMs: 100 });
    opened.faults.delayMs = 60_000;
    for (let failures = 0; failures < 5; failures++) {
      await assert.rejects(opened.vault.sign(DATA), /no answer within 100 ms|DEADLINE_EXCEEDED/);
    }
    const before = opened.calls();
    await assert.rejects(opened.vault.sign(DATA), /not asked/);
    assert.deepEqual(opened.calls(), before);
    opened.faults.clear();
    await until(async () => {
      opened.passHours(1);
      const signature = await opened.vault.sign(DATA).catch(() => null);
      return signature?.length === 256;
    });
  });

  it('makes no more calls at once than it may, and refuses what waits behind too many', async () => {
    await using opened = await open({ maxConcurrency: 2 });
    opened.faults.delayMs = 50;
    const outcomes = await Promise.allSettled(
      Array.from({ length: 30 }, () => opened.vault.sign(DATA)),
    );
    assert.equal(outcomes.filter((outcome) => outcome.status === 'fulfilled').length, 18);
    assert.equal(opened.calls().AsymmetricSign, 18);
  });

  it('does not take an outage for a broken seal', async () => {
    await using opened = await open({ deadlineMs: 300 });
    await using patient = new GoogleKmsVault({ ...opened.keys, deadlineMs: 10_000 });
    const sealed = await patient.seal(DATA, 'a');
    opened.faults.failNext(1_000, status.UNAVAILABLE);
    await assert.rejects(opened.vault.unseal(sealed, 'a'), BackingUnavailableError);
    opened.faults.clear();
    const damaged = Uint8Array.from(sealed);
    damaged[10] = (damaged[10] ?? 0) ^ 1;
    await assert.rejects(patient.unseal(damaged, 'a'), SealBrokenError);
  });

  it('has its keys provisioned once, however often that is asked for', async () => {
    await using opened = await open();
    await Promise.all([1, 2, 3].map(() => createNamedKeys(opened.keys)));
    await using other = new GoogleKmsVault({ ...opened.keys, deadlineMs: 10_000 });
    assert.deepEqual(await other.publicKey(), await opened.vault.publicKey());
  });
});

async function open(more: { deadlineMs?: number; maxConcurrency?: number } = {}) {
  const server = await startKmsServer();
  const keyRing = `projects/test/locations/here/keyRings/${uniqueName('vault')}`;
  const keys = {
    identityKeyVersion: `${keyRing}/cryptoKeys/identity/cryptoKeyVersions/1`,
    sealingKey: `${keyRing}/cryptoKeys/sealing`,
    emulatorAddress: server.address,
  };
  await createNamedKeys(keys);
  let hours = 0;
  const timers = new ManualClock();
  const clock: Clock = {
    now: () => new Date(Date.now() + hours * HOUR_MS),
    elapsedMs: () => performance.now() + hours * HOUR_MS,
    // Deadlines of calls are real.
    schedule: (delayMs, action) =>
      (delayMs < HOUR_MS / 2 ? systemClock : timers).schedule(delayMs, action),
  };
  const vault = new GoogleKmsVault({ ...keys, clock, deadlineMs: 10_000, ...more });
  server.faults.calls.clear();
  return {
    keys,
    vault,
    faults: server.faults,
    calls: (): Partial<Record<string, number>> => Object.fromEntries(server.faults.calls),
    timers,
    passHours(passed: number) {
      hours += passed;
      timers.advance(passed * HOUR_MS);
    },
    async [Symbol.asyncDispose]() {
      await vault[Symbol.asyncDispose]();
      await server.stop();
    },
  };
}
