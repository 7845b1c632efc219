import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { dataFolder } from '#test/end-to-end/support/gateway-process.ts';
import { missingForServices, provisionCloudGateway } from './cloud-gateway.ts';
import { memoryOf } from './memory-of.ts';
import { SERVICE_NAMES, type ServiceName, ServiceProcess } from './service-process.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Of the packages that package.json names, what each service has loaded once it is ready: no other. */
const EVERYWHERE = ['fastify', 'lru-cache', 'pino', 'prom-client'];
const CLOUD = [
  '@google-cloud/firestore',
  '@google-cloud/firestore-api',
  '@google-cloud/kms',
  '@google-cloud/storage',
  '@grpc/grpc-js',
  '@grpc/proto-loader',
  'ioredis',
  'undici',
];
/** With the first certificate that a process issues; here, the one that a new gateway begins with. */
const ISSUING = ['asn1js', 'pkijs'];
const LOADED: Readonly<Record<ServiceName | 'standalone', readonly string[]>> = {
  poweb: [...EVERYWHERE, ...CLOUD, 'bullmq'],
  collection: [...EVERYWHERE, ...CLOUD, 'ws'],
  pohttp: [...EVERYWHERE, ...CLOUD],
  cogrpc: [...EVERYWHERE, ...CLOUD, 'bullmq'],
  workers: [...EVERYWHERE, ...CLOUD, 'dns-packet', 'bullmq'],
  standalone: [
    ...EVERYWHERE,
    ...ISSUING,
    '@grpc/grpc-js',
    '@grpc/proto-loader',
    'dns-packet',
    'pino-pretty',
    'undici',
    'ws',
  ],
};

/**
 * What no file backs, of a process that has started and does nothing: 60 to 95 MiB, by what
 * Node has kept compiled; without giving back what starting took, 130 MiB and more.
 */
const MOST_ANONYMOUS_OCTETS = 115 * 1_024 * 1_024;
/** A busy machine may take long to start a service. */
const MOST_LOOKS = 600;

const PROBE = new URL('./loaded-parts-probe.ts', import.meta.url).href;

/** Starts the service, ends it, and tells which packages of package.json it had loaded. */
async function loadedBy(
  name: ServiceName | 'standalone',
  environment: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  await using data = await dataFolder();
  const file = join(data.path, 'loaded');
  const program = { options: ['--import', PROBE] };
  const whole = { ...environment, LOADED_PARTS_FILE: file };
  await using service = await ServiceProcess.startReady(name, whole, program);
  assert.equal(await service.stop(), 0, service.output);
  const loaded: readonly string[] = JSON.parse(await readFile(file, 'utf8'));
  const { dependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  return loaded.filter((each) => each in dependencies);
}

async function settles(service: ServiceProcess<ServiceName | 'standalone'>): Promise<void> {
  let { anonymous } = await memoryOf(service.pid);
  for (let look = 1; look < MOST_LOOKS && anonymous > MOST_ANONYMOUS_OCTETS; look++) {
    await pause(100);
    ({ anonymous } = await memoryOf(service.pid));
  }
  assert.ok(anonymous <= MOST_ANONYMOUS_OCTETS, `${anonymous} octets`);
}

describe('what a service takes', async () => {
  const skip = await missingForServices();
  const onLinux = process.platform === 'linux' ? false : 'memory is counted on Linux only';

  for (const name of SERVICE_NAMES) {
    it(`is no package that ${name} does not need`, { skip }, async () => {
      const { environment } = await provisionCloudGateway();
      const loaded = await loadedBy(name, { ...environment, COLLECTION_DRAIN: '0s' });
      assert.deepEqual(loaded, LOADED[name].toSorted());
    });
  }

  it('is nothing of Google’s and no Redis in a gateway on the embedded backing', async () => {
    await using data = await dataFolder();
    const loaded = await loadedBy('standalone', standaloneIn(data.path));
    assert.deepEqual(loaded, LOADED.standalone.toSorted());
  });

  it('is little memory once it has started', { skip: skip || onLinux }, async () => {
    const { environment } = await provisionCloudGateway();
    for (const name of SERVICE_NAMES) {
      await using service = await ServiceProcess.startReady(name, environment);
      await settles(service);
    }
  });

  it('is little memory in a gateway on the embedded backing', { skip: onLinux }, async () => {
    await using data = await dataFolder();
    const environment = standaloneIn(data.path);
    await using standalone = await ServiceProcess.startReady('standalone', environment);
    await settles(standalone);
  });
});

function standaloneIn(folder: string): Readonly<Record<string, string>> {
  return { POWEB_PORT: '0', POHTTP_PORT: '0', COGRPC_PORT: '0', DATA_DIR: folder };
}
