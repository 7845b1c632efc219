import assert from 'node:assert/strict';
import { chown, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, describe, it } from 'node:test';
import { freePort } from '#test/backing/free-ports.ts';
import { type ServiceName, V8_OPTIONS } from '#test/services/service-process.ts';
import { readStages } from './dockerfile.ts';
import { listOwnFiles, makeImageFolder } from './image-folder.ts';
import { ImageProcess } from './image-process.ts';
import { Manifest as Part } from './manifests.ts';
import { renderEnvironment } from './rendering.ts';
import { ofKind } from './renderings.ts';

const ROOT = new URL('../../', import.meta.url);

/** Backing services that nobody is at: each refuses connections at once. */
const NOBODY = {
  GCS_ENDPOINT: 'http://127.0.0.1:9',
  FIRESTORE_EMULATOR_HOST: '127.0.0.1:9',
  KMS_EMULATOR_HOST: '127.0.0.1:9',
  REDIS_URL: 'redis://127.0.0.1:9',
};

describe('the Dockerfile', async () => {
  const [build, runtime, ...others] = await readStages(new URL('Dockerfile', ROOT));
  const rest = (name: string) =>
    (runtime?.instructions ?? []).filter((each) => each.name === name).map((each) => each.rest);

  it('has two stages, on images that are pinned by their digest', () => {
    assert.equal(others.length, 0);
    for (const stage of [build, runtime]) {
      assert.match(stage?.from ?? '', /@sha256:[0-9a-f]{64}$/);
    }
  });

  it('has the Node that everything else runs on', async () => {
    const manifest = JSON.parse(await readFile(new URL('package.json', ROOT), 'utf8'));
    assert.match(build?.from ?? '', new RegExp(`^node:${manifest.devDependencies.node}-`));
  });

  it('starts as an ordinary user, without a shell between Docker and the process', () => {
    assert.deepEqual(rest('USER'), ['65532:65532']);
    for (const command of [...rest('ENTRYPOINT'), ...rest('CMD'), ...rest('RUN')]) {
      assert.ok(Array.isArray(JSON.parse(command)), command);
    }
  });

  it('is labelled with its commit and source', () => {
    const labels = rest('LABEL').join(' ');
    assert.match(labels, /image\.revision="\$REVISION"/);
    assert.match(labels, /image\.source="\$SOURCE"/);
    assert.match(rest('ENV').join(' '), /REVISION="\$REVISION"/);
  });
});

describe('the image', async () => {
  const image = await makeImageFolder();
  after(() => image[Symbol.asyncDispose]());
  const deployments = ofKind(await renderEnvironment('production'), 'Deployment');

  it('holds no tests, and none of what only developers need', async () => {
    const files = await listOwnFiles(image.path);
    assert.ok(files.length > 100);
    assert.deepEqual(
      files.filter((file) => /\.test\.[jt]s$|\/contract(?:\/|\.[jt]s$)/.test(file)),
      [],
    );
    assert.deepEqual(
      files.filter((file) => !/^(?:libs\/bundle|services\/\w+)\/|^package\.json$/.test(file)),
      [],
    );
    assert.deepEqual(
      files.filter((file) => file.endsWith('.ts')),
      [],
      'each process would load a compiler for them',
    );
    // All others are in the bundle.
    assert.deepEqual(await readdir(join(image.path, 'node_modules')), ['pino-pretty']);
  });

  const ours = deployments.filter(({ component }) => component !== 'collection-balancer');
  for (const deployment of ours) {
    const service = deployment.component;
    it(`starts ${service} as production does, waits for what it needs, and ends at SIGTERM`, async () => {
      const container = new Part(deployment.pod?.list('containers')[0] ?? {});
      const port = await freePort();
      const environment: Record<string, string> = {
        ...Object.fromEntries(
          container.list('env').map(({ name, value }) => [String(name), String(value ?? '')]),
        ),
        ...NOBODY,
        BIND_HOST: '127.0.0.1',
        OPERATIONS_HOST: '127.0.0.1',
        OPERATIONS_PORT: String(port),
        COLLECTION_AGENT_PORT: '0',
        REVISION: 'abc',
      };
      const args = container.at('args');
      assert.deepEqual(args, [
        ...(V8_OPTIONS[service as ServiceName] ?? []),
        `services/${service}/main.js`,
      ]);
      await using started = new ImageProcess(
        image,
        Array.isArray(args) ? args.map(String) : [],
        environment,
      );
      assert.equal((await started.ask(port, '/livez')).status, 200);
      assert.equal((await started.ask(port, '/readyz')).status, 503);
      const version = new Part(JSON.parse(await (await started.ask(port, '/version')).text()));
      assert.equal(version.text('service'), service);
      assert.equal(version.text('revision'), 'abc');
      assert.equal(version.text('imageDigest'), environment.IMAGE_DIGEST);
      assert.equal(await started.end('SIGTERM'), 0, started.output);
    });
  }

  it('runs the whole gateway as it is, with one folder to write to', async () => {
    const data = await mkdtemp(join(tmpdir(), 'awala-data-'));
    try {
      if (process.getuid?.() === 0) {
        await chown(data, 65_532, 65_532);
      }
      const [poweb, pohttp, cogrpc, operations] = await Promise.all([
        freePort(),
        freePort(),
        freePort(),
        freePort(),
      ]);
      const ports = {
        POWEB_PORT: String(poweb),
        POHTTP_PORT: String(pohttp),
        COGRPC_PORT: String(cogrpc),
        OPERATIONS_PORT: String(operations),
      };
      const environment = { ...ports, DATA_DIR: data, BIND_HOST: '127.0.0.1', LOG_FORMAT: 'json' };
      const main = 'services/standalone/main.js';
      await using gateway = new ImageProcess(image, [main, 'serve'], environment);
      assert.equal((await gateway.ask(poweb, '/connection-params.der')).status, 200);
      await using ping = new ImageProcess(image, [main, 'ping'], ports);
      assert.equal(await ping.end(), 0, ping.output);
      assert.equal(await gateway.end('SIGTERM'), 0, gateway.output);
    } finally {
      await rm(data, { recursive: true });
    }
  });
});
