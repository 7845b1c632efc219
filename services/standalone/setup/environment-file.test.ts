import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chown, mkdtempDisposable, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describe, it } from 'node:test';
import { parseEnv, promisify } from 'node:util';
import { EnvironmentFile } from './environment-file.ts';
import { SetupError } from './setup-error.ts';

const USER = 65_534;

describe('the file of the configuration', () => {
  async function written(before: string, values: Readonly<Record<string, string | null>>) {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'awala-environment-'));
    const path = join(folder.path, 'gateway.env');
    await writeFile(path, before);
    await (await EnvironmentFile.read(path)).with(values).write({ readableBy: folder.path });
    return await readFile(path, 'utf8');
  }

  for (const value of [
    '/plain/path',
    '/with blanks',
    'a$b@example.org',
    'back\\slash',
    'a"b',
    "a'b",
  ]) {
    it(`says ${value} so that the gateway reads the same`, async () => {
      const text = await written('OTHER=1\n', { DATA_DIR: value });
      assert.deepEqual({ ...parseEnv(text) }, { OTHER: '1', DATA_DIR: value });
      assert.equal(await written(text, { DATA_DIR: value }), text);
    });
  }

  it('belongs to who owned it when it was read, whatever is in its place since', {
    skip: process.getuid?.() !== 0 && 'only root can give files away',
  }, async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'awala-environment-'));
    const [path, secret] = [join(folder.path, 'gateway.env'), join(folder.path, 'secret')];
    await writeFile(secret, 'SECRET=1\n', { mode: 0o600 });
    await symlink(secret, path);
    const read = (await EnvironmentFile.read(path)).with({ DATA_DIR: '/data' });
    await rm(path);
    await writeFile(path, '');
    await chown(path, USER, USER);
    await read.write({ readableBy: folder.path });
    const { uid, gid, mode } = await stat(path);
    assert.deepEqual([uid, gid, mode & 0o777], [0, 0, 0o640]);
  });

  it('is no pipe, which would never end', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'awala-environment-'));
    const path = join(folder.path, 'gateway.env');
    await promisify(execFile)('mkfifo', [path]);
    await assert.rejects(EnvironmentFile.read(path), SetupError);
  });

  it('takes no value that would be read as something else', async () => {
    for (const value of ['a\nLOG_LEVEL=debug', 'a\r', `a"b'c\`d`, ' a']) {
      await assert.rejects(written('', { DATA_DIR: value }), SetupError, JSON.stringify(value));
    }
  });

  for (const before of [
    'export INTERNET_ADDRESS=gateway.example\n',
    '  INTERNET_ADDRESS = gateway.example\r\n',
  ]) {
    it(`sets an address anew where the unit would not find it: ${JSON.stringify(before)}`, async () => {
      const text = await written(before, { INTERNET_ADDRESS: 'gateway.example' });
      assert.equal(text, 'INTERNET_ADDRESS=gateway.example\n');
    });
  }
});
