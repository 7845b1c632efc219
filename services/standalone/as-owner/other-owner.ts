import { lstat, readlink, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import process from 'node:process';
import { unlessAbsent } from '#backing/system-errors.ts';
import { ForeignFolderError } from './foreign-folder-error.ts';

/** As whom a process acts, where that is not root. */
export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** As many as Linux follows. */
const MOST_LINKS = 40;
/** Debian’s `nogroup`. */
const NO_GROUP = 65_534;
/** Permission of group and others to write. */
const OTHERS_WRITE = 0o022;
/** Only who owns a file may rename or delete it. */
const STICKY = 0o1000;

/**
 * The user to whom a folder on the way to `path` belongs, so that root must act as that user there:
 * at any moment it may become a link to elsewhere.
 *
 * @param goesBelow - whether folders in `path` are used, and not only files
 * @returns null if only root can lead elsewhere, or if this process is not root’s, and so leads no
 * further than its own rights
 * @throws {ForeignFolderError} if a folder of root’s is open to more than one user
 */
export async function otherOwnerOf(
  path: string,
  { goesBelow = false }: { readonly goesBelow?: boolean } = {},
): Promise<User | null> {
  if (process.geteuid?.() !== 0) {
    return null;
  }
  const names = namesIn(resolve(path));
  let folder = '/';
  for (let links = 0; links < MOST_LINKS; ) {
    const name = names.shift();
    const found = name === undefined ? null : await lstat(join(folder, name)).catch(unlessAbsent);
    if (name === undefined || found === null) {
      return null;
    }
    const next = join(folder, name);
    if (found.uid !== 0) {
      return userOf(found);
    }
    if (found.isSymbolicLink()) {
      const target = await readlink(next);
      names.unshift(...namesIn(target));
      folder = target.startsWith(sep) ? '/' : folder;
      links++;
      continue;
    }
    const isOpen = (found.mode & OTHERS_WRITE) !== 0 && (found.mode & STICKY) === 0;
    if (found.isDirectory() && isOpen && (goesBelow || names.length > 0)) {
      throw new ForeignFolderError(
        `others than root may change the folder ${next}, and lead root elsewhere: ` +
          `chmod go-w ${next}, or name another place`,
      );
    }
    folder = name === '..' ? dirname(folder) : next;
  }
  throw new Error(`${path} leads through too many links`);
}

/** As whom to act in a folder that is not root’s. */
export function userOf({ uid, gid }: User): User {
  // The group of root may do what that user may not.
  return { uid, gid: gid || NO_GROUP };
}

/**
 * Whether root must expect that what is in a folder was put there by another user.
 *
 * @throws {ForeignFolderError} as {@link otherOwnerOf}
 */
export async function mayHoldOthersFiles(folder: string): Promise<boolean> {
  return (
    process.geteuid?.() === 0 &&
    (((await stat(folder)).mode & OTHERS_WRITE) !== 0 || (await otherOwnerOf(folder)) !== null)
  );
}

function namesIn(path: string): string[] {
  return path.split(sep).filter((name) => name !== '' && name !== '.');
}
