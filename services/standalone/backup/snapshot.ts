import { stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { DATABASE_FILE } from '#composition/data-folder.ts';
import {
  BODY_FOLDER,
  bodyFilesIn,
  linkBodies,
  linkMissingBodies,
} from '#object-store/filesystem/body-links.ts';
import { snapshotDatabase } from '#sqlite/snapshot.ts';
import { BackupError } from './backup-error.ts';
import { readSmallFiles } from './small-files.ts';

const MIB = 1_024 * 1_024;
/** What a backup leaves free for the gateway, which keeps 64 MiB in reserve itself. */
export const LEAST_FREE_OCTETS = 256 * MIB;

/** A file of a backup. */
export interface SnapshotFile {
  /** Path within the data folder. */
  readonly path: string;
  /** Its octets, or the path of the file that has them. */
  readonly source: string | Buffer;
  readonly sizeOctets: number;
}

/** A data folder as it was at one moment. */
interface Snapshot {
  /** What it takes in all. */
  readonly octets: number;
  /** Paths of what it does not hold, as no restore would take it. */
  readonly leftOut: readonly string[];
  files(): AsyncGenerator<SnapshotFile, void, undefined>;
}

/**
 * Takes a snapshot of a data folder, whether or not a gateway runs on it.
 *
 * @param work - an empty folder within the data folder, where the snapshot stays
 * @throws {BackupError} if there is no room, or what a restore would refuse
 * @throws {DatabaseDamagedError} if the database is damaged
 */
export async function takeSnapshot(dataFolder: string, work: string): Promise<Snapshot> {
  const database = join(dataFolder, DATABASE_FILE);
  await assertRoom(dataFolder, {
    neededOctets: await octetsOfDatabase(database),
    why: 'for a backup, which copies the database first. Make room, or keep fewer backups there',
  });
  const copy = join(work, DATABASE_FILE);
  const bodies = { from: join(dataFolder, BODY_FOLDER), to: join(work, BODY_FOLDER) };
  await linkBodies(bodies);
  await snapshotDatabase(database, copy);
  await linkMissingBodies(copy, bodies);
  const { files: small, leftOut } = await readSmallFiles(dataFolder);
  const before = small.map(({ path, content }) => ({
    path,
    source: content,
    sizeOctets: content.length,
  }));
  let octets = 0;
  for await (const { sizeOctets } of filesOf(work, before)) {
    octets += sizeOctets;
  }
  return { octets, leftOut, files: () => filesOf(work, before) };
}

async function* filesOf(
  work: string,
  before: readonly SnapshotFile[],
): AsyncGenerator<SnapshotFile, void, undefined> {
  yield* before;
  const copy = join(work, DATABASE_FILE);
  yield { path: DATABASE_FILE, source: copy, sizeOctets: (await stat(copy)).size };
  for (const { name, sizeOctets } of bodyFilesIn(copy)) {
    yield { path: `${BODY_FOLDER}/${name}`, source: join(work, BODY_FOLDER, name), sizeOctets };
  }
}

/**
 * @param room.neededOctets - on the disk of the data folder, besides what the gateway needs
 * @param room.why - the end of the message
 * @throws {BackupError}
 */
export async function assertRoom(
  dataFolder: string,
  { neededOctets, why }: { readonly neededOctets: number; readonly why: string },
): Promise<void> {
  const { bavail, bsize } = await statfs(dataFolder);
  const missingOctets = neededOctets + LEAST_FREE_OCTETS - bavail * bsize;
  if (missingOctets > 0) {
    throw new BackupError(
      `the disk of ${dataFolder} lacks ${Math.ceil(missingOctets / MIB)} MiB ${why}`,
    );
  }
}

/** @throws {BackupError} unless the folder is a gateway’s */
export async function assertGateway(dataFolder: string): Promise<void> {
  const path = join(dataFolder, DATABASE_FILE);
  if (!(await stat(path).catch(() => null))) {
    throw new BackupError(`there is no ${path} to back up: DATA_DIR names the gateway’s folder`);
  }
}

async function octetsOfDatabase(path: string): Promise<number> {
  const log = await stat(`${path}-wal`).catch(() => null);
  return (await stat(path)).size + (log?.size ?? 0);
}
