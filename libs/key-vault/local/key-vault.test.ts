import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { type Log, silentLog } from '#log/log.ts';
import { describeKeyVault } from '../contract.ts';
import type { KeyVault } from '../port.ts';
import { openLocalKeyVault } from './key-vault.ts';
import { LocalVaultError } from './local-vault-error.ts';

const SEALING_KEY = 'sealing.key';
const IDENTITY = 'identity.key.sealed';

describeKeyVault('LocalKeyVault', async () => {
  const temporary = await temporaryFolder();
  const vault = await openIn(temporary.path);
  return {
    vault,
    reopen: () => openIn(temporary.path),
    async [Symbol.asyncDispose]() {
      await vault[Symbol.asyncDispose]();
      await temporary[Symbol.asyncDispose]();
    },
  };
});

describe('LocalKeyVault', () => {
  it('keeps its files from other users', async () => {
    await using folder = await temporaryFolder();
    const keys = join(folder.path, 'data', 'keys');
    await using _ = await openIn(keys);
    assert.equal((await stat(keys)).mode & 0o777, 0o700);
    assert.deepEqual((await readdir(keys)).sort(), [IDENTITY, SEALING_KEY]);
    for (const name of await readdir(keys)) {
      assert.equal((await stat(join(keys, name))).mode & 0o777, 0o600);
    }
  });

  it('logs that it created an identity, and only then', async () => {
    await using folder = await temporaryFolder();
    const logged: string[] = [];
    const log: Log = { ...silentLog, info: (_, message) => logged.push(message) };
    for (let round = 0; round < 2; round++) {
      await using _ = await openLocalKeyVault({ folder: folder.path, log });
    }
    assert.deepEqual(logged, ['Created a new identity key']);
  });

  it('creates one identity however many processes start at once', async () => {
    await using folder = await temporaryFolder();
    const script = `
      import { openLocalKeyVault } from ${JSON.stringify(import.meta.resolve('./key-vault.ts'))};
      import { silentLog } from ${JSON.stringify(import.meta.resolve('#log/log.ts'))};
      process.stdin.once('data', async () => {
        const vault = await openLocalKeyVault({ folder: process.argv[1], log: silentLog });
        console.log(Buffer.from(await vault.publicKey()).toString('base64'));
        process.exit();
      });
      console.error('ready');`;
    const children = Array.from({ length: 4 }, () =>
      spawn(process.execPath, ['--input-type=module', '--eval', script, folder.path]),
    );
    await Promise.all(children.map((child) => once(child.stderr, 'data')));
    const outputs = children.map((child) => text(child.stdout));
    for (const child of children) {
      child.stdin.write('go');
    }
    const keys = new Set(await Promise.all(outputs));
    assert.equal(keys.size, 1);
    assert.match([...keys][0] ?? '', /^MIIBI/);
    assert.deepEqual((await readdir(folder.path)).sort(), [IDENTITY, SEALING_KEY]);
  });

  it('goes on after a start that died between its two files', async () => {
    await using folder = await temporaryFolder();
    await (await openIn(folder.path))[Symbol.asyncDispose]();
    await rm(join(folder.path, IDENTITY));
    await writeFile(join(folder.path, `${IDENTITY}.0123456789abcdef.tmp`), 'half', { mode: 0o600 });
    await using vault = await openIn(folder.path);
    await vault.check();
  });

  for (const [name, mode] of [
    [SEALING_KEY, 0o640],
    [SEALING_KEY, 0o604],
    [IDENTITY, 0o620],
    ['.', 0o750],
  ] as const) {
    it(`refuses ${name} with mode ${mode.toString(8)} and says how to mend it`, async () => {
      await using folder = await temporaryFolder();
      await (await openIn(folder.path))[Symbol.asyncDispose]();
      const path = join(folder.path, name);
      await chmod(path, mode);
      await assertRefused(folder.path, 'KEY_FILE_EXPOSED', /run: chmod [67]00 \//);
      await chmod(path, name === '.' ? 0o700 : 0o600);
      await using vault = await openIn(folder.path);
      await vault.check();
    });
  }

  for (const [what, damage] of Object.entries({
    'a sealing key that was cut': (folder: string) => truncate(join(folder, SEALING_KEY), 31),
    'an empty sealing key': (folder: string) => truncate(join(folder, SEALING_KEY), 0),
    'another sealing key': (folder: string) => writeFile(join(folder, SEALING_KEY), 'x'.repeat(32)),
    'an identity that was cut': (folder: string) => truncate(join(folder, IDENTITY), 500),
    'an empty identity': (folder: string) => truncate(join(folder, IDENTITY), 0),
    'an identity of 65 537 octets': (folder: string) => truncate(join(folder, IDENTITY), 65_537),
    'an identity with one octet changed': async (folder: string) => {
      const sealed = await readFile(join(folder, IDENTITY));
      sealed[100] = (sealed[100] ?? 0) ^ 1;
      await writeFile(join(folder, IDENTITY), sealed);
    },
  })) {
    it(`refuses ${what} and changes nothing`, async () => {
      await using folder = await temporaryFolder();
      await (await openIn(folder.path))[Symbol.asyncDispose]();
      await damage(folder.path);
      const before = await contentsOf(folder.path);
      await assertRefused(folder.path, 'KEY_FILE_DAMAGED', /Restore it from a backup/);
      assert.deepEqual(await contentsOf(folder.path), before);
    });
  }

  it('refuses an identity whose sealing key is gone, and makes no new one', async () => {
    await using folder = await temporaryFolder();
    await (await openIn(folder.path))[Symbol.asyncDispose]();
    await rm(join(folder.path, SEALING_KEY));
    await assertRefused(folder.path, 'SEALING_KEY_MISSING', /Restore it from a backup/);
    assert.deepEqual(await readdir(folder.path), [IDENTITY]);
  });

  it('names the folder that it cannot make', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'file');
    await writeFile(file, '');
    await assertRefused(join(file, 'keys'), 'KEY_FILE_UNUSABLE', /file\/keys cannot be used: /);
  });

  it('cannot unseal its own identity as a secret', async () => {
    await using folder = await temporaryFolder();
    await using vault = await openIn(folder.path);
    const identity = await readFile(join(folder.path, IDENTITY));
    await assert.rejects(vault.unseal(identity, 'RSA PKCS #8'), { code: 'SEAL_BROKEN' });
  });
});

function openIn(folder: string): Promise<KeyVault> {
  return openLocalKeyVault({ folder, log: silentLog });
}

async function assertRefused(folder: string, code: string, message: RegExp): Promise<void> {
  await assert.rejects(openIn(folder), (error) => {
    assert.ok(error instanceof LocalVaultError);
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  });
}

async function contentsOf(folder: string): Promise<Record<string, Buffer>> {
  const names = (await readdir(folder)).sort();
  const contents = names.map(async (name) => [name, await readFile(join(folder, name))] as const);
  return Object.fromEntries(await Promise.all(contents));
}

/** Made by mkdtemp, hence of mode 0700. */
async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'local-vault-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}
