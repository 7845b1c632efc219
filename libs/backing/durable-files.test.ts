import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { replaceDurably, writeDurably } from './durable-files.ts';

describe('a file that is replaced durably', () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'awala-durable-'));
    path = join(folder, 'note');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is there as a whole, for its owner alone, and nothing beside it', async () => {
    await writeFile(path, 'a longer one before', { mode: 0o644 });
    await replaceDurably(path, 'new');
    assert.equal(await readFile(path, 'utf8'), 'new');
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.deepEqual(await readdir(folder), ['note']);
  });

  it('stays as it was, with nothing beside it, if it cannot be replaced', async () => {
    await mkdir(path);
    await assert.rejects(replaceDurably(path, 'new'), { code: 'EISDIR' });
    assert.deepEqual(await readdir(folder), ['note']);
  });

  it('is written under a name that nobody else has taken', async () => {
    await writeFile(path, 'theirs');
    await assert.rejects(writeDurably(path, 'ours'), { code: 'EEXIST' });
    assert.equal(await readFile(path, 'utf8'), 'theirs');
  });
});
