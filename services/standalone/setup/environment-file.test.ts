import assert from 'node:assert/strict';
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parseEnv } from 'node:util';
import { EnvironmentFile } from './environment-file.ts';
import { SetupError } from './setup-error.ts';

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
