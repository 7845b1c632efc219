import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The database of a data folder. */
export const DATABASE_FILE = 'gateway.db';

/** Folders of small files that a backup contains whole: keys, and certificates with theirs. */
const SMALL_FOLDERS = ['keys', 'certificates'] as const;

/** Everything in a data folder that a restore replaces; the log and its index go with the database. */
export const REPLACED = [
  ...SMALL_FOLDERS,
  'objects',
  DATABASE_FILE,
  `${DATABASE_FILE}-wal`,
  `${DATABASE_FILE}-shm`,
] as const;

/** Where a backup is prepared, within the data folder as it links files of it. */
export const BACKUP_WORK_FOLDER = 'backup-in-progress';

/** Where a backup is unpacked. */
export const RESTORE_WORK_FOLDER = 'restore-in-progress';

/** @returns paths within the data folder, such as `keys/sealing.key` */
export async function smallFilesIn(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of SMALL_FOLDERS) {
    for (const entry of await readdir(join(folder, name), { withFileTypes: true }).catch(none)) {
      // What is being written has a temporary name until it is complete.
      if (entry.isFile() && !entry.name.endsWith('.tmp')) {
        found.push(`${name}/${entry.name}`);
      }
    }
  }
  return found.toSorted();
}

/** Paths that a backup may contain. */
export function mayContain(path: string): boolean {
  return (
    path === DATABASE_FILE ||
    /^objects\/[0-9]{1,16}$/.test(path) ||
    SMALL_FOLDERS.some((folder) => new RegExp(`^${folder}/[\\w*-][\\w.*-]{0,254}$`).test(path))
  );
}

function none(error: unknown): [] {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
    return [];
  }
  throw error;
}
