import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { parseDocument } from 'yaml';
import type { Environment } from '#runtime/configuration/variable.ts';
import { readCogrpcConfig } from '#services/cogrpc/config.ts';
import { readCollectionConfig } from '#services/collection/config.ts';
import { readPohttpConfig } from '#services/pohttp/config.ts';
import { readPowebConfig } from '#services/poweb/config.ts';
import { readCommandConfig } from '#services/standalone/commands/command-variables.ts';
import { readWorkersConfig } from '#services/workers/config.ts';
import { type ServiceName, V8_OPTIONS } from '#test/services/service-process.ts';

const ROOT = join(import.meta.dirname, '../..');

const READERS: Readonly<Record<string, (environment: Environment) => unknown>> = {
  poweb: readPowebConfig,
  collection: readCollectionConfig,
  pohttp: readPohttpConfig,
  cogrpc: readCogrpcConfig,
  workers: readWorkersConfig,
};

interface ComposeService {
  readonly image?: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: readonly string[] | Readonly<Record<string, object>>;
  readonly volumes?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
}

interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, object | null>>;
}

/** The variables of a service, as Docker fills in what the shell leaves unset. */
function environmentOf({ environment = {} }: ComposeService): Environment {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [
      name,
      String(value).replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1'),
    ]),
  );
}

describe('compose.yaml', () => {
  let file: ComposeFile;

  before(async () => {
    const document = parseDocument(await readFile(join(ROOT, 'compose.yaml'), 'utf8'), {
      merge: true,
      strict: true,
      uniqueKeys: true,
    });
    assert.deepEqual([...document.errors, ...document.warnings], []);
    file = document.toJS() as ComposeFile;
  });

  it('tells each of the five services what it needs to know', () => {
    for (const [name, read] of Object.entries(READERS)) {
      const service = file.services[name];
      assert.ok(service, name);
      const options = V8_OPTIONS[name as ServiceName] ?? [];
      assert.deepEqual(service.command, [...options, `services/${name}/main.js`]);
      read(environmentOf(service));
    }
  });

  it('runs commands and services that exist, with the same backing', () => {
    const own = Object.entries(file.services).filter(([, service]) => service.build !== undefined);
    for (const [name, service] of own) {
      const main = service.command?.find((word) => word.endsWith('main.js')) ?? '';
      assert.ok(name === 'command' || existsSync(join(ROOT, main)), `${name}: ${main}`);
      readCommandConfig(environmentOf(service));
    }
  });

  it('writes every word of a command as one', () => {
    for (const [name, { command = [], healthcheck }] of Object.entries(file.services)) {
      const words: readonly unknown[] = [...command, ...(healthcheck?.test ?? [])];
      assert.ok(
        words.every((word) => typeof word === 'string'),
        name,
      );
    }
    assert.equal(file.services.poweb?.healthcheck?.test.length, 4);
  });

  it('pins every image but its own by tag and digest', () => {
    for (const [name, { image }] of Object.entries(file.services)) {
      assert.match(
        image ?? '',
        /^(?:awala-gateway:local|[a-z0-9./-]+:[\w.-]+@sha256:[0-9a-f]{64})$/,
        name,
      );
    }
  });

  it('refers only to services, volumes and files that are there', () => {
    for (const [name, { depends_on: needed = [], volumes = [] }] of Object.entries(file.services)) {
      const names = Array.isArray(needed) ? needed : Object.keys(needed);
      for (const each of names) {
        assert.ok(each in file.services, `${name} needs ${each}`);
      }
      for (const volume of volumes) {
        const [source = ''] = volume.split(':');
        const isThere = source.startsWith('.')
          ? existsSync(join(ROOT, source))
          : source in file.volumes;
        assert.ok(isThere, `${name} uses ${source}`);
      }
    }
  });
});
