import assert from 'node:assert/strict';
import { mkdtempDisposable, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ownFolder } from './owner-only.ts';

describe('ownFolder', () => {
  it('creates a folder and those above it, for their owner only', async () => {
    await using above = await mkdtempDisposable(join(tmpdir(), 'awala-own-'));
    const path = join(above.path, 'a', 'b', 'c');
    assert.equal(await ownFolder(path), 'private');
    assert.equal(await ownFolder(path), 'private');
    for (const folder of [path, join(above.path, 'a')]) {
      assert.equal((await stat(folder)).mode & 0o777, 0o700);
    }
  });

  it('fails where a folder takes no others, rather than try for ever', async () => {
    await assert.rejects(ownFolder('/proc/awala/data'), { code: 'ENOENT' });
    await assert.rejects(ownFolder('/proc/awala'), { code: 'ENOENT' });
  });

  it('fails where a file is in the way', async () => {
    await using above = await mkdtempDisposable(join(tmpdir(), 'awala-own-'));
    const file = join(above.path, 'file');
    await writeFile(file, '');
    await assert.rejects(ownFolder(file), { code: 'EEXIST' });
    await assert.rejects(ownFolder(join(file, 'data')), { code: 'ENOTDIR' });
  });
});
