import { statSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import process from 'node:process';
import { codeOf } from '#backing/system-errors.ts';
import { ForeignFolderError } from './foreign-folder-error.ts';
import type { User } from './other-owner.ts';

/**
 * Enters a folder as root and becomes its owner, in the whole process and for good: from then on,
 * nothing that this user does to the way there leads further than their own rights.
 *
 * @param user - to whom the way to the folder belongs, as `otherOwnerOf` says
 * @returns the folder's path from now on, relative to the working folder, in which it is or will be
 * @throws {ForeignFolderError} if the folder belongs to somebody else than the way to it
 */
export function becomeOwner(folder: string, user: User): string {
  const path = relative(enter(folder), folder) || '.';
  const { uid } = statSync('.');
  if (uid !== user.uid) {
    throw new ForeignFolderError(
      `${folder} belongs to user ${uid}, and a folder on the way there to user ${user.uid}, who ` +
        `could put another in its place: chown ${user.uid} ${folder}, or name another place`,
    );
  }
  // By default Node answers with a debugger, through which that user would have what root had read.
  process.on('SIGUSR1', () => {});
  try {
    process.setgroups?.([]);
    process.setgid?.(user.gid);
    process.setuid?.(user.uid);
  } catch (cause) {
    throw new ForeignFolderError(
      `${folder} is of user ${user.uid}, whom root cannot act as here: run this as that user`,
      { cause },
    );
  }
  return path;
}

/** @returns the folder, or that above it which exists */
function enter(folder: string): string {
  try {
    process.chdir(folder);
    return folder;
  } catch (error) {
    const parent = dirname(folder);
    if (parent !== folder && codeOf(error) === 'ENOENT') {
      return enter(parent);
    }
    throw error;
  }
}
