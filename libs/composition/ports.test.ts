import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { BACKING_DEADLINE_MS } from '#backing/calls.ts';
import { systemClock } from '#clock/clock.ts';
import { silentLog } from '#log/log.ts';
import { ConfigurationError, readConfiguration } from '#runtime/configuration/configuration.ts';
import { Foundations } from './foundations.ts';
import { openKeyVault } from './key-vault.ts';
import { BACKING_VARIABLES, openPorts, SHARED_BACKING_VARIABLES } from './ports.ts';

const CLOUD = {
  OBJECT_STORE: 'gcs',
  GCS_BUCKET: 'parcels',
  RECORD_STORE: 'firestore',
  FIRESTORE_PROJECT: 'project',
  KEY_VAULT: 'google-kms',
  KMS_IDENTITY_KEY_VERSION:
    'projects/p/locations/l/keyRings/r/cryptoKeys/identity/cryptoKeyVersions/1',
  KMS_SEALING_KEY: 'projects/p/locations/l/keyRings/r/cryptoKeys/sealing',
  SIGNALS: 'redis',
  WORK_QUEUE: 'redis',
  REDIS_URL: 'redis://:hush@redis:6379',
};

function faultsOf(environment: Readonly<Record<string, string>>): readonly string[] {
  try {
    readConfiguration(environment, SHARED_BACKING_VARIABLES);
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigurationError);
    return error.faults;
  }
}

describe('the backing of a gateway', () => {
  it('is embedded in a gateway of one process that is told nothing', () => {
    const config = readConfiguration({}, BACKING_VARIABLES);
    const kinds = Object.values(config).map(({ kind }) => kind);
    assert.deepEqual(kinds, ['filesystem', 'sqlite', 'local', 'in-process', 'sqlite']);
  });

  it('must be named to a service that shares it, all of it in one message', () => {
    const faults = faultsOf({});
    assert.deepEqual(
      faults.map((fault) => fault.split(' ', 1)[0]),
      ['OBJECT_STORE', 'RECORD_STORE', 'KEY_VAULT', 'SIGNALS', 'WORK_QUEUE'],
    );
    assert.deepEqual(faultsOf(CLOUD), []);
  });

  it('cannot be what no other process reaches, and the message says what to do', () => {
    assert.deepEqual(
      faultsOf({
        ...CLOUD,
        OBJECT_STORE: 'filesystem',
        RECORD_STORE: 'sqlite',
        SIGNALS: 'in-process',
        WORK_QUEUE: 'sqlite',
      }),
      [
        'OBJECT_STORE is filesystem, which only one process can use: set OBJECT_STORE=gcs and GCS_BUCKET, or run the whole gateway in one process: awala-gateway serve',
        'RECORD_STORE is sqlite, which only one process can use: set RECORD_STORE=firestore and FIRESTORE_PROJECT, or run the whole gateway in one process: awala-gateway serve',
        'SIGNALS is in-process, which reaches no other process: set SIGNALS=redis and REDIS_URL, or run the whole gateway in one process: awala-gateway serve',
        'WORK_QUEUE is sqlite, which only one process can use: set WORK_QUEUE=redis and REDIS_URL, or run the whole gateway in one process: awala-gateway serve',
      ],
    );
  });

  it('tells which names of keys and servers cannot be', () => {
    const faults = faultsOf({
      ...CLOUD,
      KMS_SEALING_KEY: 'sealing',
      REDIS_URL: 'http://:hush@redis',
    });
    assert.match(faults.join('\n'), /^KMS_SEALING_KEY must be like projects\//m);
    assert.match(faults.join('\n'), /^REDIS_URL must be a URL such as redis:/m);
    assert.doesNotMatch(faults.join('\n'), /hush/);
  });

  it('never shows the password of Redis', () => {
    const config = readConfiguration(CLOUD, SHARED_BACKING_VARIABLES);
    assert.doesNotMatch(JSON.stringify(config), /hush/);
  });

  it('opens nothing but what it is asked for, and closes all of it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'awala-backing-'));
    try {
      const config = readConfiguration({ DATA_DIR: folder }, BACKING_VARIABLES);
      const parts = { clock: systemClock, log: silentLog };
      const laid = () => new Foundations({ ...parts, deadlineMs: BACKING_DEADLINE_MS });
      {
        await using foundations = laid();
        await openKeyVault(config.keyVault, foundations);
        assert.deepEqual(await readdir(folder), ['keys']);
      }
      await using first = laid();
      const { objects, records } = await openPorts(config, first);
      await Promise.all([objects.check(), records.check()]);
      await first[Symbol.asyncDispose]();
      await using second = laid();
      const { queue } = await openPorts(config, second);
      await queue.check();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
