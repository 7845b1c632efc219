import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { type Clock, systemClock } from '#clock/clock.ts';
import { runDoctor } from '#services/standalone/doctor/doctor.ts';
import { Examinations } from '#services/standalone/doctor/examinations.ts';
import { textReport } from '#services/standalone/doctor/report.ts';
import { handling } from '#services/standalone/installation.ts';
import { readLookConfig } from '#services/standalone/look/look-variables.ts';
import { programRunner } from '#services/standalone/running/run-program.ts';
import { freePort } from '#test/backing/free-ports.ts';
import { type KmsServer, startKmsServer } from '#test/backing/kms-server/kms-server.ts';
import { DohServer } from '#test/peers/doh-server.ts';
import { ANY_PORT } from '#test/services/any-port.ts';
import { startBucketSettingsProxy } from '#test/services/bucket-settings-proxy.ts';
import { missingForServices, nameCloudGateway } from '#test/services/cloud-gateway.ts';
import { runCommand } from './support/run-command.ts';

type Environment = Readonly<Record<string, string>>;

/** What is wrong: each fault with why it matters and what to do. */
function faultsIn(text: string): readonly string[] {
  return [...text.matchAll(/^✗ .*\n.*\n.*$/gm)].map(([fault]) => fault.replaceAll(/\s+/g, ' '));
}

describe('awala-gateway doctor, asked about services in the cloud', {
  skip: await missingForServices(),
}, () => {
  let kms: KmsServer;
  let doh: DohServer;
  let sound: Environment;

  before(async () => {
    kms = await startKmsServer();
    doh = await DohServer.start();
    const { environment } = await nameCloudGateway();
    sound = { ...environment, ...ANY_PORT, KMS_EMULATOR_HOST: kms.address, DOH_URL: doh.url.href };
    assert.equal((await runCommand('provision', sound)).code, 0);
    assert.equal((await runCommand('keygen', sound)).code, 0);
  });
  after(async () => {
    await kms.stop();
    await doh[Symbol.asyncDispose]();
  });

  /** What is wrong with a gateway that differs in these variables. */
  async function examine(differing: Environment): Promise<readonly string[]> {
    const { code, text } = await runCommand('doctor', { ...sound, ...differing });
    const faults = faultsIn(text);
    assert.equal(code, faults.length === 0 ? 0 : 1);
    return faults;
  }

  it('finds nothing wrong where nothing is', async () => {
    const { code, text } = await runCommand('doctor', sound);
    assert.deepEqual(faultsIn(text), []);
    assert.equal(code, 0, text);
    for (const subject of ['clock', 'objects', 'bucket', 'records', 'identity key', 'jobs']) {
      assert.match(text, new RegExp(`^✓ ${subject}`, 'm'));
    }
  });

  it('explains a wrong bucket', async () => {
    const [fault, ...others] = await examine({ GCS_BUCKET: 'no-such-bucket' });
    assert.match(
      fault ?? '',
      /^✗ objects it is not there: .*→ GCS_BUCKET is no-such-bucket, which does not exist .*awala-gateway provision/,
    );
    assert.deepEqual(others, []);
  });

  it('explains a bucket that keeps what expired', async () => {
    await using cloudStorage = await startBucketSettingsProxy(sound.GCS_ENDPOINT ?? '', {
      lifecycle: { rule: [{ action: { type: 'Delete' }, condition: { age: 180 } }] },
      iamConfiguration: {
        uniformBucketLevelAccess: { enabled: true },
        publicAccessPrevention: 'enforced',
      },
      softDeletePolicy: { retentionDurationSeconds: '604800' },
    });
    const faults = await examine({ GCS_ENDPOINT: cloudStorage.origin });
    assert.equal(faults.length, 2);
    assert.match(
      faults.join('\n'),
      /^✗ bucket .*: Expired objects are not removed\. Parcels may be .* → Run awala-gateway provision/m,
    );
  });

  it('explains a missing permission in Cloud KMS', async () => {
    kms.faults.denied.add('AsymmetricSign');
    try {
      const [fault, ...others] = await examine({});
      assert.match(
        fault ?? '',
        /^✗ identity key a permission is missing: .*→ Grant this account the role Cloud KMS CryptoKey Signer\/Verifier on projects\/test\//,
      );
      assert.deepEqual(others, []);
    } finally {
      kms.faults.clear();
    }
  });

  it('explains keys and an identity that are not there', async () => {
    const name = `${sound.KMS_SEALING_KEY}-other`;
    const faults = await examine({
      KMS_IDENTITY_KEY_VERSION: `${name}/cryptoKeyVersions/1`,
      KMS_SEALING_KEY: name,
    });
    assert.match(
      faults[0] ?? '',
      /^✗ identity key it is not there: .*→ KMS_IDENTITY_KEY_VERSION is .*awala-gateway keygen\.$/,
    );
    assert.match(faults[1] ?? '', /^✗ sealing key it is not there: .*→ KMS_SEALING_KEY is /);
    assert.match(faults[2] ?? '', /^✗ identity .*awala-gateway keygen\.$/);
  });

  it('explains a Redis that cannot be reached, in every way that it cannot', async () => {
    const port = await freePort();
    const [refused, ...others] = await examine({ REDIS_URL: `redis://127.0.0.1:${port}` });
    assert.match(
      refused ?? '',
      /^✗ Redis it cannot be reached: .*ECONNREFUSED.*→ Check REDIS_URL, that Redis runs at 127\.0\.0\.1:/,
    );
    assert.deepEqual(others, []);
    const address = sound.REDIS_URL?.slice('redis://'.length);
    const [rejected] = await examine({ REDIS_URL: `redis://someone:wrong@${address}` });
    assert.match(
      rejected ?? '',
      /^✗ Redis it does not accept the credentials: .*→ Put the right user/,
    );
    assert.doesNotMatch(rejected ?? '', /wrong@/);
  });

  it('explains stores that cannot be reached', async () => {
    const port = await freePort();
    const faults = await examine({
      GCS_ENDPOINT: `http://127.0.0.1:${port}`,
      FIRESTORE_EMULATOR_HOST: `127.0.0.1:${port}`,
    });
    assert.match(
      faults[0] ?? '',
      /^✗ objects it cannot be reached: .*→ Check that the network allows connections to Cloud Storage \(GCS_ENDPOINT, if set\)/,
    );
    assert.match(
      faults[1] ?? '',
      /^✗ records it .*→ Check that the network allows connections to Firestore/,
    );
  });

  it('notices a clock that is wrong', async () => {
    const ahead: Clock = { ...systemClock, now: () => new Date(Date.now() + 7_200_000) };
    const lines: string[] = [];
    const print = (line: string) => void lines.push(line);
    await using examinations = new Examinations(readLookConfig(sound), {
      clock: ahead,
      resolver: undefined,
      ca: undefined,
      environment: sound,
      installed: handling(),
      run: programRunner(sound),
    });
    assert.equal(await runDoctor(examinations.list(), textReport(print)), 1);
    const text = lines.join('\n');
    assert.match(
      text,
      /^✗ clock +it is 720[01] s ahead of Cloud Storage: services refuse nothing for its dates\n +A wrong clock keeps phones from registering.*\n +→ Let NTP /m,
    );
    assert.match(text, /^✗ clock +it is 720[01] s ahead of Redis/m);
  });

  it('notices a port that another program has, and an address that is none of ours', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const address = other.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const [taken] = await examine({ POWEB_PORT: `${port}` });
    other.close();
    assert.match(
      taken ?? '',
      /^✗ ports POWEB_PORT \d+: another program listens there already The gateway cannot start\. → Stop that program/,
    );
    const elsewhere = await examine({ BIND_HOST: '192.0.2.1' });
    assert.match(
      elsewhere[0] ?? '',
      /this machine has no such address The gateway .* → Set BIND_HOST/,
    );
  });
});
