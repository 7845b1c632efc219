import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { packArchive, unpackArchive } from './archive.ts';
import { ArchiveBound, isTooMuchBeside } from './archive-bound.ts';
import { BackupError } from './backup-error.ts';

const MIB = 1_024 * 1_024;

describe('The bound of an archive', () => {
  it('takes what its manifest says, with headers, and small files besides', async () => {
    const bound = new ArchiveBound();
    bound.widen(640 * MIB);
    for (let certificates = 0; certificates < 100; certificates++) {
      bound.countFile(2_000);
    }
    assert.equal(await octetsThrough(bound, 655), 655 * MIB);
  });

  it('takes as many keys and certificates as a backup may hold', async () => {
    for (const size of [0, 1, 4_095, 4_097, 100_000]) {
      const mayBe = (count: number) => !isTooMuchBeside(Array<number>(count).fill(size));
      const count = Array.from({ length: 5_000 }, (_, index) => index).findLast(mayBe) ?? 0;
      assert.ok(count > 100);
      const names = Array.from({ length: count }, (_, index) => `keys/${index}`);
      // The worst case: a manifest that counts none of them.
      const manifest = { at: new Date(0), internetAddress: 'gateway.example', octets: 0 };
      const archive = packArchive(manifest, files(names, Buffer.alloc(size)));
      const unpacked: string[] = [];
      await unpackArchive(archive, {
        onManifest: async () => {},
        onFile: async ({ path, octets }) => {
          octets.resume();
          unpacked.push(path);
        },
      });
      assert.deepEqual(unpacked, names);
    }
  });

  it('takes no more', async () => {
    const bound = new ArchiveBound();
    bound.widen(MIB);
    await assert.rejects(octetsThrough(bound, 18), BackupError);
  });

  it('takes no more files than would fill the same room, however small they are', () => {
    const bound = new ArchiveBound();
    assert.throws(() => {
      for (let files = 0; files < 5_000; files++) {
        bound.countFile(0);
      }
    }, BackupError);
  });
});

async function* files(paths: readonly string[], source: Buffer) {
  for (const path of paths) {
    yield { path, source, sizeOctets: source.length };
  }
}

async function octetsThrough(bound: ArchiveBound, mib: number): Promise<number> {
  let octets = 0;
  for await (const piece of bound.through(pieces(mib))) {
    octets += piece.length;
  }
  return octets;
}

async function* pieces(count: number): AsyncGenerator<Uint8Array, void, undefined> {
  const piece = Buffer.alloc(MIB);
  for (let index = 0; index < count; index++) {
    yield piece;
  }
}
