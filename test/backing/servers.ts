import { join } from 'node:path';
import { startChildServer } from './child-server.ts';
import { hasDockerEngine, startContainer } from './containers.ts';
import { findFirestoreEmulator, obtainFakeGcs, obtainRedis } from './programs.ts';

/** The servers that the cloud adapters are tested on. */
export const BACKING_NAMES = ['redis', 'gcs', 'firestore', 'kms'] as const;

export type BackingName = (typeof BACKING_NAMES)[number];

/** Variables with the address (`host:port`) of a server that already runs. */
export const ADDRESS_VARIABLES: Readonly<Record<BackingName, string>> = {
  redis: 'TEST_REDIS_ADDRESS',
  gcs: 'TEST_GCS_ADDRESS',
  firestore: 'TEST_FIRESTORE_ADDRESS',
  kms: 'TEST_KMS_ADDRESS',
};

export interface RunningServer {
  /** `host:port`, without TLS. */
  readonly address: string;
  /** Where the server came from, for the report. */
  readonly source: string;
  stop(): Promise<void>;
}

/** The server is missing; the message says what to install. */
export class BackingMissingError extends Error {
  readonly code = 'BACKING_MISSING';

  constructor(message: string) {
    super(message);
    this.name = 'BackingMissingError';
  }
}

/**
 * Finds or starts a server: the one that the environment names, else a container, else a program on
 * this machine, installed if possible.
 *
 * @throws {BackingMissingError} if there is none of these
 */
export async function startServer(name: BackingName): Promise<RunningServer> {
  const variable = ADDRESS_VARIABLES[name];
  const address = process.env[variable];
  if (address) {
    return { address, source: `the environment (${variable})`, stop: async () => {} };
  }
  if (name === 'kms') {
    return startKms();
  }
  if (await hasDockerEngine()) {
    return startContainer(name);
  }
  return { redis: startRedis, gcs: startGcs, firestore: startFirestore }[name]();
}

async function startRedis(): Promise<RunningServer> {
  const found = await obtainRedis();
  if ('missing' in found) {
    throw new BackingMissingError(found.missing);
  }
  return running(
    found.path,
    await startChildServer(found.path, (port) => [
      ...['--port', String(port), '--bind', '127.0.0.1'],
      ...['--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'],
    ]),
  );
}

async function startGcs(): Promise<RunningServer> {
  const found = await obtainFakeGcs();
  if ('missing' in found) {
    throw new BackingMissingError(found.missing);
  }
  return running(
    found.path,
    await startChildServer(found.path, (port) => [
      ...['-scheme', 'http', '-host', '127.0.0.1', '-port', String(port)],
      ...['-backend', 'memory', '-log-level', 'error'],
      // Downloads work at this host on any port, and so through a proxy.
      ...['-external-url', `http://127.0.0.1:${port}`, '-public-host', '127.0.0.1'],
    ]),
  );
}

async function startFirestore(): Promise<RunningServer> {
  const emulator = await findFirestoreEmulator();
  if (!emulator) {
    return startOwnServer('firestore-server');
  }
  return running(
    emulator.jar,
    await startChildServer(emulator.java, (port) => [
      // Starts in half the time: the emulator never lives long enough for the optimising compiler.
      ...['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xmx512m', '-Duser.language=en'],
      ...['-cp', emulator.jar, 'com.google.cloud.datastore.emulator.firestore.CloudFirestore'],
      ...['start', '--host=127.0.0.1', `--port=${port}`],
    ]),
  );
}

function startKms(): Promise<RunningServer> {
  return startOwnServer('kms-server');
}

/** Starts a server that is part of the tests, as a process of its own. */
async function startOwnServer(folder: string): Promise<RunningServer> {
  const main = join(import.meta.dirname, folder, 'main.ts');
  const child = await startChildServer(process.execPath, (port) => [main, String(port)]);
  return running(`the small server in test/backing/${folder}`, child);
}

function running(source: string, child: { port: number; stop(): Promise<void> }): RunningServer {
  return { address: `127.0.0.1:${child.port}`, source, stop: () => child.stop() };
}
