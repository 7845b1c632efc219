import { constants } from 'node:fs';
import { chmod, mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isThere, openOrdinary } from './ordinary-files.ts';
import { codeOf } from './system-errors.ts';

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
/** Permission bits of group and others. */
const OTHERS = 0o077;

/**
 * Creates the folder if missing, and removes everyone else's permissions on it.
 *
 * @returns `exposed` if others could enter it before; `foreign` if they still can, as it belongs to
 * another user
 */
export async function ownFolder(path: string): Promise<'private' | 'exposed' | 'foreign'> {
  await makeFolder(path);
  const { mode } = await stat(path);
  if ((mode & OTHERS) === 0) {
    return 'private';
  }
  try {
    await chmod(path, FOLDER_MODE);
    return 'exposed';
  } catch (error) {
    if (codeOf(error) === 'EPERM') {
      return 'foreign';
    }
    throw error;
  }
}

/**
 * Creates a folder and those above it, where missing. Unlike Node's own, which tries for ever, it
 * fails where a folder exists but takes no others, as in `/proc`.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: FOLDER_MODE });
  } catch (error) {
    const parent = dirname(path);
    if (codeOf(error) === 'EEXIST' && (await stat(path)).isDirectory()) {
      return;
    }
    if (codeOf(error) !== 'ENOENT' || parent === path || (await isThere(parent))) {
      throw error;
    }
    await makeFolder(parent);
    // Another process may have been faster.
    await mkdir(path, { mode: FOLDER_MODE }).catch((late) => {
      if (codeOf(late) !== 'EEXIST') {
        throw late;
      }
    });
  }
}

/**
 * Creates the file, empty, if missing, and removes everyone else's permissions on it.
 *
 * @throws {OddFileError} if it is something else than a file
 */
export async function ownFile(path: string): Promise<void> {
  const { O_APPEND, O_CREAT, O_WRONLY } = constants;
  await using file = await openOrdinary(path, O_APPEND | O_CREAT | O_WRONLY, FILE_MODE);
  const { mode } = await file.stat();
  if ((mode & OTHERS) !== 0) {
    await file.chmod(FILE_MODE);
  }
}

/** Removes everyone else's permissions on a folder's files whose names start with `prefix`. */
export async function ownFilesIn(folder: string, prefix = ''): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith(prefix)) {
      await narrow(join(folder, name));
    }
  }
}

/** Ignores a file that disappears meanwhile. */
async function narrow(path: string): Promise<void> {
  try {
    const { mode } = await stat(path);
    if ((mode & OTHERS) !== 0) {
      await chmod(path, mode & ~OTHERS & 0o7777);
    }
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') {
      throw error;
    }
  }
}
