import { createWriteStream } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ownFile } from '#backing/owner-only.ts';
import { DATABASE_FILE } from '#composition/data-folder.ts';
import { BODY_FOLDER, bodyFilesIn } from '#object-store/filesystem/body-links.ts';
import { takeLock } from '#sqlite/database-lock.ts';
import { DatabaseInUseError } from '#sqlite/errors.ts';
import { assertIntactFile, restoringMark } from '#sqlite/examine.ts';
import { type ArchivedFile, type Manifest, unpackArchive } from './archive.ts';
import { BackupError } from './backup-error.ts';
import { mayContain, RESTORE_WORK_FOLDER } from './data-files.ts';
import { decryptWith, type Keys } from './encryption.ts';
import { matchOwner } from './ownership.ts';
import type { Progress } from './progress.ts';
import { assertRoom } from './snapshot.ts';
import { swapIn } from './swap-in.ts';
import { openWorkFolder } from './work-folder.ts';

/** What to restore, and where to. */
interface RestorePlan {
  readonly dataFolder: string;
  readonly sealed: AsyncIterable<Uint8Array>;
  readonly keys: Keys;
  /** Whether to put aside data that is newer than the backup. */
  readonly replacesNewer: boolean;
  readonly now: Date;
  readonly progress: Progress;
}

/** What was restored. */
interface Restored {
  readonly manifest: Manifest;
  /** The folder that now holds what was there before; null if nothing was. */
  readonly putAside: string | null;
}

/**
 * Unpacks a backup beside a gateway's data, checks it, and only then puts it in their place. What
 * was there before is put aside, not deleted.
 *
 * @throws {BackupError} if a gateway runs on the folder or has data newer than the backup, or if the
 * backup is incomplete or does not open; the folder is then as it was
 */
export async function restoreBackup(plan: RestorePlan): Promise<Restored> {
  const { dataFolder, progress } = plan;
  await mkdir(dataFolder, { recursive: true, mode: 0o700 });
  const database = join(dataFolder, DATABASE_FILE);
  await ownFile(`${database}.lock`, { followsLinks: false });
  // At once, as the gateway must be able to take it after a restore that fails.
  await matchOwner(dataFolder, [`${database}.lock`]);
  using _ = lockAgainstGateways(dataFolder);
  await using work = await openWorkFolder(dataFolder, RESTORE_WORK_FOLDER);
  const plain = decryptWith(plan.keys, plan.sealed);
  let manifest: Manifest | null = null;
  let octets = 0;
  await unpackArchive(plain, {
    onManifest: async (found) => {
      manifest = found;
      await assertNotNewer(plan, found);
      await assertRoom(dataFolder, found.octets);
    },
    onFile: async (file) => {
      octets += await unpack(file, work.path);
      progress.at('Restoring', octets, manifest?.octets);
    },
  });
  const found = manifest as Manifest | null;
  if (!found) {
    throw new BackupError('the backup has no manifest');
  }
  await assertComplete(work.path);
  const putAside = await swapIn({ dataFolder, from: work.path, now: plan.now, database });
  await matchOwner(dataFolder, [dataFolder]);
  return { manifest: found, putAside };
}

function lockAgainstGateways(dataFolder: string): Disposable {
  try {
    return takeLock(join(dataFolder, DATABASE_FILE), 0);
  } catch (error) {
    if (error instanceof DatabaseInUseError) {
      throw new BackupError(`a gateway is running on ${dataFolder}: stop it first`);
    }
    throw error;
  }
}

async function assertNotNewer({ dataFolder, replacesNewer }: RestorePlan, { at }: Manifest) {
  const database = join(dataFolder, DATABASE_FILE);
  const isHalfRestored = await stat(restoringMark(database)).catch(() => null);
  if (replacesNewer || isHalfRestored) {
    return;
  }
  for (const path of [database, `${database}-wal`]) {
    const found = await stat(path).catch(() => null);
    if (found && found.size > 0 && found.mtime > at) {
      throw new BackupError(
        `the gateway in ${dataFolder} is newer (${found.mtime.toISOString()}) than the backup ` +
          `(${at.toISOString()}). To restore all the same, and keep what is there in a folder ` +
          'beside it, add --replace-newer',
      );
    }
  }
}

async function unpack({ path, octets }: ArchivedFile, folder: string): Promise<number> {
  if (!mayContain(path)) {
    throw new BackupError(`the backup has a file that no backup has: ${JSON.stringify(path)}`);
  }
  const to = join(folder, path);
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  const file = createWriteStream(to, { flags: 'wx', mode: 0o600, flush: true });
  await pipeline(octets, file);
  return file.bytesWritten;
}

/** @throws {BackupError} @throws {DatabaseDamagedError} */
async function assertComplete(folder: string): Promise<void> {
  const database = join(folder, DATABASE_FILE);
  if (!(await stat(database).catch(() => null))) {
    throw new BackupError('the backup has no database');
  }
  assertIntactFile(database);
  for (const { name, sizeOctets } of bodyFilesIn(database)) {
    const found = await stat(join(folder, BODY_FOLDER, name)).catch(() => null);
    if (found?.size !== sizeOctets) {
      throw new BackupError(`the backup lacks the file ${BODY_FOLDER}/${name}`);
    }
  }
}
