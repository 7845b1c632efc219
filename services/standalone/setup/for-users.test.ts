import assert from 'node:assert/strict';
import { chmod, mkdtempDisposable, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describe, it } from 'node:test';
import { writePage } from './for-users.ts';

const NOBODY = 65_534;

describe('the page for users', () => {
  it('can be written by whoever may write into the folder of another, as into /tmp', {
    skip: process.getuid?.() !== 0 && 'only root can act as another user',
  }, async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'awala-page-'));
    await chmod(folder.path, 0o1777);
    process.seteuid?.(NOBODY);
    try {
      await writePage(join(folder.path, 'page.txt'), 'for users');
    } finally {
      process.seteuid?.(0);
    }
    assert.deepEqual(await readdir(folder.path), ['page.txt']);
    assert.equal(await readFile(join(folder.path, 'page.txt'), 'utf8'), 'for users');
  });
});
