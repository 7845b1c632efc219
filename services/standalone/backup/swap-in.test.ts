import assert from 'node:assert/strict';
import { mkdir, mkdtempDisposable, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { swapIn } from './swap-in.ts';

const NOW = new Date('2026-11-29T12:00:00.000Z');
const ASIDE = 'replaced-2026-11-29T12-00-00-000Z';

async function withData(test: (dataFolder: string) => Promise<void>): Promise<void> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'awala-swap-'));
  for (const [path, age] of [
    ['.', 'old'],
    ['restored', 'new'],
  ] as const) {
    await mkdir(join(folder.path, path, 'keys'), { recursive: true });
    await writeFile(join(folder.path, path, 'keys/identity'), age);
    await writeFile(join(folder.path, path, 'gateway.db'), age);
  }
  await test(folder.path);
}

function swap(dataFolder: string): Promise<string | null> {
  const [from, database] = [join(dataFolder, 'restored'), join(dataFolder, 'gateway.db')];
  return swapIn({ dataFolder, from, now: NOW, database });
}

describe('putting a backup in place', () => {
  it('puts aside what was there', () =>
    withData(async (data) => {
      assert.equal(await swap(data), join(data, ASIDE));
      assert.deepEqual((await readdir(data)).toSorted(), ['gateway.db', 'keys', ASIDE, 'restored']);
      assert.equal(await readFile(join(data, 'keys/identity'), 'utf8'), 'new');
      assert.equal(await readFile(join(data, ASIDE, 'gateway.db'), 'utf8'), 'old');
    }));

  it('puts all back if something cannot be moved, and lets the gateway start', () =>
    withData(async (data) => {
      await mkdir(join(data, 'objects-elsewhere'));
      await writeFile(join(data, 'objects-elsewhere/file'), '');
      await mkdir(join(data, 'restored/objects-elsewhere'));
      const before = (await readdir(data, { recursive: true })).toSorted();
      await assert.rejects(swap(data), { code: 'ENOTEMPTY' });
      assert.deepEqual((await readdir(data, { recursive: true })).toSorted(), before);
      assert.equal(await readFile(join(data, 'keys/identity'), 'utf8'), 'old');
    }));

  it('still lets none start if an earlier restore was cut short', () =>
    withData(async (data) => {
      await writeFile(join(data, 'gateway.db.restoring'), '');
      await mkdir(join(data, 'odd/with'), { recursive: true });
      await mkdir(join(data, 'restored/odd'));
      await assert.rejects(swap(data), { code: 'ENOTEMPTY' });
      assert.ok((await readdir(data)).includes('gateway.db.restoring'));
      assert.equal(await readFile(join(data, 'keys/identity'), 'utf8'), 'old');
    }));

  it('changes nothing if what was there cannot be put aside', () =>
    withData(async (data) => {
      await writeFile(join(data, ASIDE), 'in the way');
      const before = (await readdir(data, { recursive: true })).toSorted();
      await assert.rejects(swap(data), { code: 'EEXIST' });
      assert.deepEqual((await readdir(data, { recursive: true })).toSorted(), before);
    }));
});
