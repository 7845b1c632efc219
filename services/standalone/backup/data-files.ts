import {
  ADDRESS_FILE,
  CERTIFICATES_FOLDER,
  DATABASE_FILE,
  KEYS_FOLDER,
} from '#composition/data-folder.ts';
import { BODY_FOLDER } from '#object-store/filesystem/body-links.ts';

/** Folders of small files that a backup contains whole: keys, and certificates with theirs. */
export const SMALL_FOLDERS: readonly string[] = [KEYS_FOLDER, CERTIFICATES_FOLDER];

/** What goes with the database, even where a backup lacks some of it: its log, and large bodies. */
export const WITH_THE_DATABASE: readonly string[] = [
  ADDRESS_FILE,
  BODY_FOLDER,
  DATABASE_FILE,
  `${DATABASE_FILE}-wal`,
  `${DATABASE_FILE}-shm`,
];

/** Everything in a data folder that a restore replaces. */
export const REPLACED: readonly string[] = [...SMALL_FOLDERS, ...WITH_THE_DATABASE];

/** Where a backup is prepared, within the data folder as it links files of it. */
export const BACKUP_WORK_FOLDER = 'backup-in-progress';

/** Where a backup is unpacked. */
export const RESTORE_WORK_FOLDER = 'restore-in-progress';

/** Paths that a backup may contain. */
export function mayContain(path: string): boolean {
  return (
    path === ADDRESS_FILE ||
    path === DATABASE_FILE ||
    new RegExp(`^${BODY_FOLDER}/[0-9]{1,16}$`).test(path) ||
    SMALL_FOLDERS.some((folder) => new RegExp(`^${folder}/[\\w*-][\\w.*-]{0,254}$`).test(path))
  );
}
