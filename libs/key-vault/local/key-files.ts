import { constants } from 'node:fs';
import { chmod, link, mkdir, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncToDisk, temporaryName, writeDurably } from '#backing/durable-files.ts';
import { openOrdinary } from '#backing/ordinary-files.ts';
import { codeOf } from '#backing/system-errors.ts';
import { LocalVaultError } from './local-vault-error.ts';

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
/** Permission bits of group and others. */
const OTHERS = 0o077;

/** Key files are small; anything longer is not one. */
const LARGEST_FILE_OCTETS = 65_536;

/**
 * Creates the folder for key files if missing.
 *
 * @throws {LocalVaultError} if others may enter it, or it cannot be created
 */
export async function prepareFolder(folder: string): Promise<void> {
  try {
    const made = await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
    if (made !== undefined) {
      await chmod(folder, FOLDER_MODE);
    }
    refuseExposed(folder, (await stat(folder)).mode, FOLDER_MODE);
  } catch (error) {
    throw asUnusable(folder, error);
  }
}

/**
 * @returns null if there is no such file
 * @throws {LocalVaultError} if others may read it, or it cannot be read
 */
export async function readKeyFile(path: string): Promise<Uint8Array | null> {
  try {
    await using file = await openOrdinary(path, constants.O_RDONLY);
    const { mode, size } = await file.stat();
    refuseExposed(path, mode, FILE_MODE);
    if (size > LARGEST_FILE_OCTETS) {
      throw LocalVaultError.damaged(path, `${size} octets are too many for a key`);
    }
    return await file.readFile();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return null;
    }
    throw asUnusable(path, error);
  }
}

/**
 * Creates the file durably unless it exists: at any moment it is absent or complete, and it is
 * never replaced.
 *
 * @returns whether this call created it
 */
export async function createKeyFile(path: string, content: Uint8Array): Promise<boolean> {
  const temporary = temporaryName(path);
  try {
    await writeDurably(temporary, content);
    const created = await linkUnlessThere(temporary, path);
    await rm(temporary);
    await syncToDisk(dirname(path));
    return created;
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw asUnusable(path, error);
  }
}

/** A link, unlike a rename, never replaces what another process put there first. */
async function linkUnlessThere(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') {
      return false;
    }
    throw error;
  }
}

function refuseExposed(path: string, mode: number, wanted: number): void {
  if ((mode & OTHERS) !== 0) {
    throw LocalVaultError.exposed(path, mode & 0o777, wanted);
  }
}

function asUnusable(path: string, error: unknown): LocalVaultError {
  return error instanceof LocalVaultError ? error : LocalVaultError.unusable(path, error);
}
