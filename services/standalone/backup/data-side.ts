import { resolve } from 'node:path';
import process from 'node:process';
import { otherOwnerOf, type User } from '../as-owner/other-owner.ts';
import type { Manifest } from './archive.ts';
import { OwnData } from './own-data.ts';
import { OwnersProcess } from './owners-process.ts';

/** A data folder as it was at one moment. */
export interface Snapshot {
  /** What its files take. */
  readonly octets: number;
  /** Paths of what it does not hold, as no restore would take it. */
  readonly leftOut: readonly string[];
  /** A tar archive, which can be read once. */
  readonly archive: AsyncIterable<Uint8Array>;
}

/** A backup to unpack. */
export interface Unpacking {
  /** A tar archive; it fails at its end unless it is whole. */
  readonly archive: AsyncIterable<Uint8Array>;
  /** Whether to put aside data that is newer than the backup. */
  readonly replacesNewer: boolean;
  readonly now: Date;
  readonly onProgress: (octets: number, ofOctets: number) => void;
}

/** What was restored. */
export interface Restored {
  readonly manifest: Manifest;
  /** The folder that now holds what was there before; null if nothing was. */
  readonly putAside: string | null;
}

/**
 * What backups and restores do in a data folder, where only its owner may act. It knows neither the
 * keys nor the place of backups. Disposing of it removes what it prepared.
 */
export interface DataSide extends AsyncDisposable {
  /**
   * Keeps others from backing up or restoring the folder until this is disposed of.
   *
   * @throws {BackupError} if there is nothing to back up, no room, or what a restore would refuse
   * @throws {DatabaseDamagedError}
   */
  takeSnapshot(about: Pick<Manifest, 'at' | 'internetAddress'>): Promise<Snapshot>;
  /** Notes a finished backup, for whoever watches its age. */
  noteBackup(made: { readonly at: Date; readonly to: string }): Promise<void>;
  /** @throws {BackupError} if nothing was restored; the folder is then as it was */
  restore(unpacking: Unpacking): Promise<Restored>;
}

/**
 * Opens a data folder's side: within this process if that is the folder's owner's, or else, as this
 * process is root's, in one that becomes the owner's.
 *
 * @param leavesRoot - whether this process is about to become another user's, and so must leave
 * root's own data folder to another process too
 */
export async function openDataSide(
  dataFolder: string,
  { leavesRoot = false }: { readonly leavesRoot?: boolean } = {},
): Promise<DataSide> {
  const folder = resolve(dataFolder);
  const user: User | null = await otherOwnerOf(folder, { goesBelow: true });
  return user === null && !(leavesRoot && process.geteuid?.() === 0)
    ? new OwnData(folder)
    : OwnersProcess.start(folder, user);
}
