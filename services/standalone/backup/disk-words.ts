import { BackupError } from './backup-error.ts';

const NO_ROOM: Readonly<Record<string, string>> = {
  ENOSPC: 'has no room left for the backup',
  EDQUOT: 'has no room left for the backup: a quota is used up',
  EFBIG: 'takes no file as large as the backup',
};
const UNUSABLE: Readonly<Record<string, string>> = {
  EACCES: 'may not be used by this user',
  EPERM: 'may not be used by this user',
  EROFS: 'is on a file system that is read-only',
  ENOENT: 'does not exist',
  ENOTDIR: 'is no folder',
  ELOOP: 'holds a link there, which root does not follow where another user may put one',
};

/** @returns an error of the operating system in words; others as they are */
export function inWords(error: unknown, path: string): unknown {
  return worded(error, path, { ...NO_ROOM, ...UNUSABLE });
}

/** @returns an error of a full disk in words; others as they are */
export function noRoomInWords(error: unknown, path: string): unknown {
  return worded(error, path, NO_ROOM);
}

function worded(error: unknown, path: string, known: Readonly<Record<string, string>>): unknown {
  const words = error instanceof Error && 'code' in error ? known[String(error.code)] : undefined;
  return words === undefined ? error : new BackupError(`${path} ${words}`, { cause: error });
}
