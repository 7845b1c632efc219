import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

const FILE_MODE = 0o600;

/** Writes a file that does not exist yet, for its owner alone; resolves once it is on the disk. */
export async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  await using file = await open(path, 'wx', FILE_MODE);
  await file.writeFile(content);
  await file.sync();
}

/**
 * Puts a file, for its owner alone, in the place of one that may be there: at any moment one of them
 * is there as a whole. Resolves once it is on the disk; if it fails, nothing half remains.
 */
export async function replaceDurably(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = temporaryName(path);
  try {
    await writeDurably(temporary, content);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
  await syncToDisk(dirname(path));
}

/** What a file may be called until it is complete: never the same twice, and left out of backups. */
export function temporaryName(path: string): string {
  return `${path}.${randomBytes(8).toString('hex')}.tmp`;
}

/** Resolves once what a file holds, or which names a folder has, is on the disk. */
export async function syncToDisk(path: string): Promise<void> {
  await using handle = await open(path, 'r');
  await handle.sync();
}
