import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseEnv, promisify } from 'node:util';
import { readStandaloneConfig } from '#services/standalone/config.ts';
import { backing } from '#test/backing/backing.ts';
import { SmallCloud } from '#test/faults/gateway/small-cloud.ts';
import { until } from '#test/runtime/until.ts';
import { startBucketSettingsProxy } from '#test/services/bucket-settings-proxy.ts';
import { missingForSmallCloud } from '#test/services/cloud-gateway.ts';

const run = promisify(execFile);
const ROOT = new URL('../../', import.meta.url);
const SCRIPT = fileURLToPath(new URL('deploy/small-cloud/start.sh', ROOT));

/** The machine's programs: each notes how it was called; `curl` answers as the metadata server does. */
const STAND_INS: Readonly<Record<string, string>> = {
  curl: 'for last; do :; done; cat "$STAND_INS/$(basename "$last")"',
  gcloud: 'echo "gcloud $1 $2 $3" >>"$STAND_INS/calls"; echo package >"$4"',
  'apt-get': 'echo "apt-get $1" >>"$STAND_INS/calls"; touch "$SETTINGS_FILE"',
  systemctl: 'echo "systemctl $*" >>"$STAND_INS/calls"',
};

describe('the startup script of a small cloud', () => {
  let folder: string;
  let settings: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'awala-start-'));
    settings = join(folder, 'gateway.env');
    for (const [name, content] of Object.entries(STAND_INS)) {
      await writeFile(join(folder, name), `#!/bin/sh\n${content}\n`);
      await chmod(join(folder, name), 0o755);
    }
    await writeFile(join(folder, 'gateway-package'), 'gs://packages/awala-gateway.deb');
    await writeFile(join(folder, 'gateway-settings'), 'INTERNET_ADDRESS=gateway.example.org\n');
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** Boots the machine. @returns what was called */
  async function boot(): Promise<readonly string[]> {
    const calls = join(folder, 'calls');
    await writeFile(calls, '');
    const env = {
      PATH: [folder, process.env.PATH].join(delimiter),
      STAND_INS: folder,
      SETTINGS_FILE: settings,
    };
    await run('sh', [SCRIPT], { env });
    return (await readFile(calls, 'utf8')).split('\n').slice(0, -1);
  }

  const INSTALLED = [
    'gcloud storage cp gs://packages/awala-gateway.deb',
    'apt-get update',
    'apt-get install',
  ];
  const ENABLED =
    'systemctl enable --now awala-gateway-https.socket awala-gateway-http.socket awala-gateway.service';
  const RESTARTED = 'systemctl try-restart awala-gateway.service';

  it('installs the package, writes the settings, and starts the gateway', async () => {
    assert.deepEqual(await boot(), [...INSTALLED, RESTARTED, ENABLED]);
    assert.equal(await readFile(settings, 'utf8'), 'INTERNET_ADDRESS=gateway.example.org\n');
  });

  it('restarts nothing at the next boot, unless the settings are others', async () => {
    await boot();
    assert.deepEqual(await boot(), [...INSTALLED, ENABLED]);
    await writeFile(join(folder, 'gateway-settings'), 'INTERNET_ADDRESS=other.example.org\n');
    assert.deepEqual(await boot(), [...INSTALLED, RESTARTED, ENABLED]);
    assert.equal(await readFile(settings, 'utf8'), 'INTERNET_ADDRESS=other.example.org\n');
  });

  it('changes nothing where the metadata cannot be read', async () => {
    await boot();
    for (const name of ['gateway-package', 'gateway-settings']) {
      const content = await readFile(join(folder, name));
      await rm(join(folder, name));
      await assert.rejects(boot());
      assert.doesNotMatch(await readFile(join(folder, 'calls'), 'utf8'), /apt-get|systemctl/);
      await writeFile(join(folder, name), content);
    }
    assert.equal(await readFile(settings, 'utf8'), 'INTERNET_ADDRESS=gateway.example.org\n');
  });
});

describe('the settings in docs/small-cloud.md', () => {
  it('keep everything at Google, but for the queue and the signals', async () => {
    const page = await readFile(new URL('docs/small-cloud.md', ROOT), 'utf8');
    const { groups } = /```ini\n(?<settings>[^`]+)```/.exec(page) ?? {};
    const config = readStandaloneConfig(parseEnv(groups?.settings ?? ''));
    const { objectStore, recordStore, keyVault, signals, workQueue } = config;
    assert.deepEqual(
      [objectStore, recordStore, keyVault, signals, workQueue].map(({ kind }) => kind),
      ['gcs', 'firestore', 'google-kms', 'in-process', 'sqlite'],
    );
  });
});

describe('a small cloud', { skip: await missingForSmallCloud() }, () => {
  it('warns when its bucket would keep what has expired', async () => {
    const { address } = await backing('gcs');
    await using proxy = await startBucketSettingsProxy(`http://${address}`, {
      lifecycle: { rule: [{ action: { type: 'Delete' }, condition: { age: 180 } }] },
      iamConfiguration: {
        uniformBucketLevelAccess: { enabled: true },
        publicAccessPrevention: 'enforced',
      },
    });
    await using gateway = await SmallCloud.start({ GCS_ENDPOINT: proxy.origin });
    await until(() => gateway.output.includes('Expired objects are not removed'), 20);
    assert.match(
      gateway.output,
      /WARN: Expired objects are not removed\. Run awala-gateway provision/,
    );
  });
});
