import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { ANY_PORT } from '#test/services/any-port.ts';
import { dataFolder } from './support/gateway-process.ts';

const MAIN = fileURLToPath(new URL('../../services/standalone/main.js', import.meta.url));
const run = promisify(execFile);

/** Which commands open a file of the data folder. */
const CASES: readonly (readonly [file: string, commands: readonly string[]])[] = [
  ['gateway.db', ['serve', 'keygen', 'adopt', 'backup', 'jobs list']],
  ['gateway.db-wal', ['serve', 'keygen', 'backup']],
  ['gateway.db.lock', ['serve', 'adopt', 'restore']],
  ['backup.lock', ['backup', 'restore']],
  ['keys/sealing.key', ['serve', 'keygen', 'backup']],
];

const KINDS = {
  'a pipe': (path: string) => run('mkfifo', [path]),
  'a folder': (path: string) => mkdir(path),
};

describe('A data folder with something else in the place of a file', () => {
  let place: Awaited<ReturnType<typeof dataFolder>>;
  let data: string;
  let backup: string;
  let key: string;
  let made = 0;

  before(async () => {
    place = await dataFolder();
    key = join(place.path, 'key.txt');
    const identity = await generateX25519Identity();
    await run('sh', ['-c', 'echo "$0" >"$1"', identity, key]);
    backup = join(place.path, 'one.tar.age');
    data = join(place.path, 'original');
    await succeeds('keygen');
    await succeeds('backup', '--recipient', await identityToRecipient(identity), backup);
  });
  after(() => place[Symbol.asyncDispose]());
  beforeEach(async () => {
    data = join(place.path, `data-${++made}`);
    await succeeds('keygen');
  });

  async function awala(...args: readonly string[]) {
    const env = { PATH: '', DATA_DIR: data, DOH_URL: 'https://127.0.0.1:9/', ...ANY_PORT };
    try {
      await run(process.execPath, [MAIN, ...args], { env });
      return { code: 0, text: '' };
    } catch (error) {
      const { code, stdout, stderr } = error as Record<'code' | 'stdout' | 'stderr', unknown>;
      return { code, text: `${stdout}${stderr}` };
    }
  }

  async function succeeds(...args: readonly string[]): Promise<void> {
    const { code, text } = await awala(...args);
    assert.equal(code, 0, text);
  }

  const argumentsOf = (command: string) =>
    command === 'backup'
      ? ['--passphrase-file', key, join(place.path, 'nowhere.age')]
      : command === 'restore'
        ? ['--identity-file', key, '--replace-newer', backup]
        : [];

  for (const [file, commands] of CASES) {
    for (const [kind, make] of Object.entries(KINDS)) {
      it(`is refused by ${commands.join(', ')} where ${file} is ${kind}`, async () => {
        const path = join(data, file);
        await rename(path, `${path}.away`).catch(() => {});
        await make(path);
        for (const command of commands) {
          const { code, text } = await awala(...command.split(' '), ...argumentsOf(command));
          assert.equal(code, 1, `${command}: ${text}`);
          assert.ok(
            text.includes(`${file} is ${kind}, where a file belongs`),
            `${command}: ${text}`,
          );
        }
      });
    }
  }
});
