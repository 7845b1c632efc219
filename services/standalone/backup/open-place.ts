import { stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import type { Environment } from '#runtime/configuration/variable.ts';
import { BackupError } from './backup-error.ts';
import { FolderPlace } from './places/folder.ts';
import type { BackupPlace } from './places/place.ts';

/** Where a backup is, or is to be. */
interface Target {
  readonly place: BackupPlace;
  /** The backup's name there; null if the address names a folder or bucket. */
  readonly name: string | null;
}

/**
 * Opens what an address names: a folder that exists or ends with `/`, or else a file.
 *
 * @throws {BackupError} if there is no such kind of address
 */
export async function openPlace(address: string, _environment: Environment): Promise<Target> {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(address)?.[1];
  if (scheme !== undefined) {
    throw new BackupError(`“${address}” is neither a file nor a folder, nor s3://… or gs://…`);
  }
  const path = resolve(address);
  const isFolder = address.endsWith('/') || (await stat(path).catch(() => null))?.isDirectory();
  return isFolder
    ? { place: new FolderPlace(path), name: null }
    : { place: new FolderPlace(dirname(path)), name: basename(path) };
}
