import assert from 'node:assert/strict';
import { chmod, readdir, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { describe, it } from 'node:test';
import { silentLog } from '#log/log.ts';
import { readCollectionConfig } from '#services/collection/config.ts';
import { composeStandalone } from '#services/standalone/compose.ts';
import { readStandaloneConfig } from '#services/standalone/config.ts';
import { Phone } from '#test/peers/phone.ts';
import { ANY_PORT } from '#test/services/any-port.ts';
import { dataFolder, GatewayProcess } from './support/gateway-process.ts';
import { parcelOfOctets } from './support/malformed-parcels.ts';

const LARGE_OCTETS = 300_000;

describe('Files that say who writes to whom', () => {
  it('are only for the user that the gateway runs as, whatever they were before', async () => {
    await using data = await dataFolder();
    const mask = process.umask(0);
    try {
      await writeFile(join(data.path, 'gateway.db'), '', { mode: 0o666 });
      await chmod(data.path, 0o777);
      await runAndReceive(data.path);
      const made = await modesIn(data.path);
      assert.deepEqual(exposedAmong(made), []);
      assert.ok(made.has('gateway.db') && made.has('objects'));

      await letOthersIn(data.path, made);
      await runAndReceive(data.path);
      assert.deepEqual(exposedAmong(await modesIn(data.path)), []);
    } finally {
      process.umask(mask);
    }
  });

  /** Leaves the database’s log and a body behind, as a process that is killed does. */
  async function runAndReceive(folder: string): Promise<void> {
    await using gateway = await GatewayProcess.start(folder);
    const phone = await Phone.register(gateway.poweb);
    await phone.deliver(await parcelOfOctets(phone, LARGE_OCTETS));
    assert.ok((await modesIn(folder)).has('gateway.db-wal'));
    assert.deepEqual(exposedAmong(await modesIn(folder)), []);
  }
});

describe('The operations port', () => {
  it('is not published by BIND_HOST, but by OPERATIONS_HOST', async () => {
    await using data = await dataFolder();
    assert.deepEqual(await reachableFromElsewhere(data.path, {}), [true, false]);
    const published = { OPERATIONS_HOST: '0.0.0.0' };
    assert.deepEqual(await reachableFromElsewhere(data.path, published), [true, true]);
  });

  it('of a service by itself is for this machine alone unless told otherwise', () => {
    const { host, operations } = readCollectionConfig({
      INTERNET_ADDRESS: 'gateway.example',
      OBJECT_STORE: 'gcs',
      GCS_BUCKET: 'bucket',
      RECORD_STORE: 'firestore',
      FIRESTORE_PROJECT: 'project',
      KEY_VAULT: 'local',
      SIGNALS: 'redis',
      REDIS_URL: 'redis://127.0.0.1:1',
    });
    assert.deepEqual([host, operations.host], ['0.0.0.0', '127.0.0.1']);
  });

  /** @returns whether phones' port is, and the operations port, at another address of this machine */
  async function reachableFromElsewhere(folder: string, environment: Record<string, string>) {
    const config = readStandaloneConfig({
      DATA_DIR: folder,
      BIND_HOST: '0.0.0.0',
      ...ANY_PORT,
      DOH_URL: 'https://127.0.0.1:9/',
      ...environment,
    });
    await using gateway = await composeStandalone(config, { log: silentLog });
    const { poweb, operations } = gateway.listening;
    return await Promise.all([poweb, operations].map((port) => isReachable('127.0.0.2', port)));
  }
});

function isReachable(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** Of the folder and all in it. */
async function modesIn(folder: string): Promise<Map<string, number>> {
  const names = ['', ...(await readdir(folder, { recursive: true }))];
  const modes = await Promise.all(
    names.map(async (name) => [name, (await stat(join(folder, name))).mode & 0o777] as const),
  );
  return new Map(modes);
}

function exposedAmong(modes: ReadonlyMap<string, number>): string[] {
  return [...modes]
    .filter(([, mode]) => (mode & 0o077) !== 0)
    .map(([name, mode]) => `${name} ${mode.toString(8)}`);
}

/** But to the keys, without which the gateway refuses to start until it was told how they are. */
async function letOthersIn(folder: string, modes: ReadonlyMap<string, number>): Promise<void> {
  for (const [name, mode] of modes) {
    if (!name.startsWith('keys')) {
      await chmod(join(folder, name), mode === 0o700 ? 0o777 : 0o666);
    }
  }
}
