import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { parseDocument } from 'yaml';
import { listVariables } from '#runtime/configuration/configuration.ts';
import type { Environment } from '#runtime/configuration/variable.ts';
import { readCogrpcConfig } from '#services/cogrpc/config.ts';
import { readCollectionConfig } from '#services/collection/config.ts';
import { readPohttpConfig } from '#services/pohttp/config.ts';
import { readPowebConfig } from '#services/poweb/config.ts';
import { readStandaloneConfig } from '#services/standalone/config.ts';
import { readWorkersConfig } from '#services/workers/config.ts';
import { type ServiceName, V8_OPTIONS } from '#test/services/service-process.ts';
import { PROGRAMS } from '../../scripts/configuration/programs.ts';

const FOLDER = join(import.meta.dirname, '../../deploy/compose');
const KNOWN = new Set(
  Object.values(PROGRAMS)
    .flatMap(listVariables)
    .map(({ name }) => name),
);
/** What Google's libraries read. */
const OF_OTHERS = ['GOOGLE_APPLICATION_CREDENTIALS'];

const SERVICES: Readonly<Record<string, (environment: Environment) => unknown>> = {
  poweb: readPowebConfig,
  collection: readCollectionConfig,
  pohttp: readPohttpConfig,
  cogrpc: readCogrpcConfig,
  workers: readWorkersConfig,
};

/** What an operator must say. */
const KEY_RING = 'projects/p/locations/l/keyRings/r/cryptoKeys';
const SAID: Environment = {
  INTERNET_ADDRESS: 'gateway.example.org',
  GCS_BUCKET: 'parcels',
  GOOGLE_CLOUD_PROJECT: 'project',
  KMS_IDENTITY_KEY_VERSION: `${KEY_RING}/identity/cryptoKeyVersions/1`,
  KMS_SEALING_KEY: `${KEY_RING}/sealing`,
};

interface ComposeService {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly restart?: string;
}

interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: object;
}

async function read(name: string): Promise<ComposeFile> {
  const options = { merge: true, strict: true, uniqueKeys: true };
  const document = parseDocument(await readFile(join(FOLDER, name), 'utf8'), options);
  assert.deepEqual([...document.errors, ...document.warnings], []);
  return document.toJS();
}

/** As Compose fills it in. */
function environmentOf({ environment = {} }: ComposeService): Environment {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [
      name,
      String(value).replaceAll(
        /\$\{(\w+)(?::-([^}]*)|:\?[^}]*)\}/g,
        (_, said: string, otherwise?: string) => otherwise ?? SAID[said] ?? assert.fail(said),
      ),
    ]),
  );
}

for (const name of ['one-process.yaml', 'five-services.yaml']) {
  describe(`deploy/compose/${name}`, () => {
    let file: ComposeFile;

    before(async () => {
      file = await read(name);
    });

    it('names only variables that the gateway reads', () => {
      const names = Object.values(file.services).flatMap(({ environment = {} }) =>
        Object.keys(environment),
      );
      const unknown = names.filter((each) => !KNOWN.has(each) && !OF_OTHERS.includes(each));
      assert.deepEqual(unknown, []);
    });

    it('starts again by itself whatever serves, and pins what is not ours', () => {
      for (const [service, { image, restart }] of Object.entries(file.services)) {
        assert.equal(restart, service === 'command' ? 'no' : 'unless-stopped');
        assert.match(
          image,
          /^\$\{AWALA_GATEWAY_IMAGE:-awala-gateway:local\}$|@sha256:[0-9a-f]{64}$/,
        );
      }
    });

    it('keeps what lasts in volumes, and names only files that are there', () => {
      const sources = Object.values(file.services)
        .flatMap(({ volumes = [] }) => volumes)
        .map((volume) => volume.split(':', 1)[0] ?? '');
      assert.ok(sources.length > 0);
      for (const source of sources) {
        const isThere = source.startsWith('.')
          ? existsSync(join(FOLDER, source))
          : source in file.volumes;
        assert.ok(isThere, source);
      }
    });
  });
}

describe('deploy/compose', () => {
  it('runs one process whose public ports are those that are published, and no others', async () => {
    const { gateway } = (await read('one-process.yaml')).services;
    assert.ok(gateway);
    const { certificates, host, operations, dataFolder } = readStandaloneConfig({
      DATA_DIR: '/data',
      ...environmentOf(gateway),
    });
    assert.ok(certificates.kind === 'acme' && certificates.email === null);
    const { httpsPort, httpPort } = certificates;
    assert.deepEqual(gateway.ports, [`443:${httpsPort}`, `80:${httpPort}`]);
    assert.deepEqual([host, operations.host], ['127.0.0.1', '127.0.0.1']);
    assert.deepEqual(gateway.volumes, [`data:${dataFolder}`]);
  });

  it('runs five services that know what they need, of which only the edge is published', async () => {
    const { services } = await read('five-services.yaml');
    for (const [name, readConfig] of Object.entries(SERVICES)) {
      const service = services[name] ?? assert.fail(name);
      const options = V8_OPTIONS[name as ServiceName] ?? [];
      assert.deepEqual(service.command, [...options, `services/${name}/main.js`]);
      readConfig(environmentOf(service));
    }
    const published = Object.entries(services).filter(([, { ports = [] }]) => ports.length > 0);
    assert.deepEqual(
      published.map(([name]) => name),
      ['edge'],
    );
  });
});
