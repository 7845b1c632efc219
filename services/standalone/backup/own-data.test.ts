import assert from 'node:assert/strict';
import {
  mkdir,
  mkdtempDisposable,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { buffer } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { type Manifest, unpackArchive } from './archive.ts';
import { BackupError } from './backup-error.ts';
import type { Snapshot } from './data-side.ts';
import { OwnData } from './own-data.ts';

const ABOUT = { at: new Date('2026-01-01'), internetAddress: 'gateway.example' };
const MIB = 1_024 * 1_024;

describe('A snapshot of a data folder', () => {
  it('counts all of its files', async () => {
    await using folder = await gatewayFolder();
    await writeFile(join(folder.path, 'keys/large'), Buffer.alloc(3 * MIB));
    const snapshot = await folder.data.takeSnapshot(ABOUT);
    const { manifest, files } = await unpacked(snapshot);
    const octets = [...files.values()].reduce((sum, content) => sum + content.length, 0);
    assert.deepEqual([snapshot.octets, manifest.octets], [octets, octets]);
  });

  it('holds keys and certificates as they were when it was taken', async () => {
    await using folder = await gatewayFolder();
    const { archive } = await folder.data.takeSnapshot(ABOUT);
    await writeFile(join(folder.path, 'new'), 'longer than before');
    await rename(join(folder.path, 'new'), join(folder.path, 'keys/identity.key.sealed'));
    await rm(join(folder.path, 'certificates/orders.json'));
    const { files } = await unpacked({ archive });
    assert.equal(String(files.get('keys/identity.key.sealed')), 'key');
    assert.equal(String(files.get('certificates/orders.json')), '');
  });

  it('holds keys that are links to files, and is refused where one leads nowhere', async () => {
    await using folder = await gatewayFolder();
    const key = join(folder.path, 'keys/identity.key.sealed');
    await rename(key, join(folder.path, 'elsewhere'));
    await symlink('../elsewhere', key);
    {
      await using data = new OwnData(folder.path);
      const { files } = await unpacked(await data.takeSnapshot(ABOUT));
      assert.equal(String(files.get('keys/identity.key.sealed')), 'key');
    }
    await rm(join(folder.path, 'elsewhere'));
    await assert.rejects(folder.data.takeSnapshot(ABOUT), {
      name: 'BackupError',
      message: `${key} is a link to nothing: put there what it should lead to, or remove it`,
    });
  });

  it('leaves out what no restore takes, and says what', async () => {
    await using folder = await gatewayFolder();
    for (const name of ['identity.key.sealed~', '.identity.key.sealed.swp', 'being-written.tmp']) {
      await writeFile(join(folder.path, 'keys', name), '');
    }
    const snapshot = await folder.data.takeSnapshot(ABOUT);
    assert.deepEqual(snapshot.leftOut, [
      'keys/.identity.key.sealed.swp',
      'keys/identity.key.sealed~',
    ]);
    assert.deepEqual(
      [...(await unpacked(snapshot)).files.keys()],
      ['certificates/orders.json', 'keys/identity.key.sealed', 'gateway.db'],
    );
  });

  it('is refused where it would hold more than a restore takes', async () => {
    await using folder = await gatewayFolder();
    const large = join(folder.path, 'keys/large');
    await writeFile(large, '');
    await truncate(large, 17 * MIB);
    await assert.rejects(folder.data.takeSnapshot(ABOUT), BackupError);
  });
});

async function gatewayFolder() {
  const folder = await mkdtempDisposable(join(tmpdir(), 'awala-own-data-'));
  {
    using database = new DatabaseSync(join(folder.path, 'gateway.db'));
    database.exec('CREATE TABLE records (key TEXT)');
  }
  await mkdir(join(folder.path, 'keys'));
  await mkdir(join(folder.path, 'certificates'));
  await writeFile(join(folder.path, 'keys/identity.key.sealed'), 'key');
  await writeFile(join(folder.path, 'certificates/orders.json'), '');
  const data = new OwnData(folder.path);
  return {
    path: folder.path,
    data,
    async [Symbol.asyncDispose]() {
      await data[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function unpacked({ archive }: Pick<Snapshot, 'archive'>): Promise<{
  readonly manifest: Manifest;
  readonly files: Map<string, Buffer>;
}> {
  const files = new Map<string, Buffer>();
  const manifest = await unpackArchive(archive, {
    onManifest: async () => {},
    onFile: async ({ path, octets }) => void files.set(path, await buffer(octets)),
  });
  return { manifest, files };
}
