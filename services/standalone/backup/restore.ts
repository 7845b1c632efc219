import { createWriteStream } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { makeFolder, ownFile } from '#backing/owner-only.ts';
import { DATABASE_FILE } from '#composition/data-folder.ts';
import { BODY_FOLDER, bodyFilesIn } from '#object-store/filesystem/body-links.ts';
import { takeLock } from '#sqlite/database-lock.ts';
import { DatabaseInUseError } from '#sqlite/errors.ts';
import { assertIntactFile, restoringMark } from '#sqlite/examine.ts';
import { type ArchivedFile, type Manifest, unpackArchive } from './archive.ts';
import { BackupError } from './backup-error.ts';
import { mayContain, RESTORE_WORK_FOLDER } from './data-files.ts';
import type { Restored, Unpacking } from './data-side.ts';
import { noRoomInWords } from './disk-words.ts';
import { assertRoom } from './snapshot.ts';
import { swapIn } from './swap-in.ts';
import { openWorkFolder } from './work-folder.ts';

/**
 * Unpacks a backup beside a gateway's data, checks it, and only then puts it in their place. What
 * was there before is put aside, not deleted.
 *
 * @throws {BackupError} if a gateway runs on the folder or has data newer than the backup, or if the
 * backup is incomplete or larger than it says; the folder is then as it was
 */
export async function restoreBackup(dataFolder: string, unpacking: Unpacking): Promise<Restored> {
  await makeFolder(dataFolder);
  const database = join(dataFolder, DATABASE_FILE);
  await ownFile(`${database}.lock`);
  using _ = lockAgainstGateways(dataFolder);
  await using work = await openWorkFolder(dataFolder, RESTORE_WORK_FOLDER);
  try {
    const manifest = await unpackInto(work.path, { dataFolder, ...unpacking });
    await assertComplete(work.path);
    const putAside = await swapIn({ dataFolder, from: work.path, now: unpacking.now, database });
    return { manifest, putAside };
  } catch (error) {
    throw noRoomInWords(error, dataFolder);
  }
}

async function unpackInto(
  folder: string,
  { dataFolder, archive, replacesNewer, onProgress }: Unpacking & { readonly dataFolder: string },
): Promise<Manifest> {
  let octets = 0;
  return unpackArchive(archive, {
    onManifest: async (manifest) => {
      await assertNotNewer(dataFolder, manifest, replacesNewer);
      await assertRoom(dataFolder, {
        neededOctets: manifest.octets,
        why: 'to unpack the backup beside what is there. Make room first; nothing was changed',
      });
    },
    onFile: async (file, manifest) => {
      octets += await unpack(file, folder);
      onProgress(octets, manifest.octets);
    },
  });
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

async function assertNotNewer(
  dataFolder: string,
  { at }: Manifest,
  replacesNewer: boolean,
): Promise<void> {
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
          'replaced-… in it, add --replace-newer',
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
  if (await stat(to).catch(() => null)) {
    throw new BackupError(`the backup has the file ${path} twice`);
  }
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
