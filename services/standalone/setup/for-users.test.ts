import assert from 'node:assert/strict';
import {
  chmod,
  chown,
  mkdir,
  mkdtempDisposable,
  readdir,
  readFile,
  stat,
  symlink,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describe, it } from 'node:test';
import { handOut, writePage } from './for-users.ts';

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

  it('is written by root into the folder of another user as that user', {
    skip: process.getuid?.() !== 0 && 'only root can act as another user',
  }, async () => {
    await using above = await mkdtempDisposable(join(tmpdir(), 'awala-page-'));
    const [folder, precious] = [join(above.path, 'data'), join(above.path, 'precious')];
    await mkdir(folder, { mode: 0o700 });
    await mkdir(precious, { mode: 0o700 });
    await symlink(precious, join(folder, 'led'));
    await chown(folder, NOBODY, NOBODY);
    await handOut(join(folder, 'page.txt'), 'for users');
    await handOut(join(folder, 'page.txt'), 'for all users');
    assert.equal(await readFile(join(folder, 'page.txt'), 'utf8'), 'for all users');
    const { uid, mode } = await stat(join(folder, 'page.txt'));
    assert.deepEqual([uid, mode & 0o777], [NOBODY, 0o600]);
    await assert.rejects(handOut(join(folder, 'led/page.txt'), 'for users'), /belongs to user 0/);
    assert.deepEqual(await readdir(precious), []);
  });
});
