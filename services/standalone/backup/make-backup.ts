import { statfs } from 'node:fs/promises';
import { packArchive } from './archive.ts';
import { BackupError } from './backup-error.ts';
import { BACKUP_WORK_FOLDER } from './data-files.ts';
import type { Sealer } from './encryption.ts';
import { noteLastBackup } from './last-backup.ts';
import { Measure } from './measured.ts';
import type { BackupPlace } from './places/place.ts';
import type { Progress } from './progress.ts';
import { assertGateway, LEAST_FREE_OCTETS, takeSnapshot } from './snapshot.ts';
import { openWorkFolder } from './work-folder.ts';

/** What a backup is made of, and where it goes. */
interface BackupPlan {
  readonly dataFolder: string;
  readonly internetAddress: string;
  readonly place: BackupPlace;
  /** The backup's name in its place. */
  readonly name: string;
  readonly sealer: Sealer;
  /** Everything accepted before this will be in it. */
  readonly at: Date;
  readonly progress: Progress;
}

/** Every so many octets, the data folder's disk is looked at. */
const LOOK_OCTETS = 16 * 1_024 * 1_024;

/**
 * Makes a backup, reads it back, and only then gives it its name.
 *
 * @returns its octets
 * @throws {BackupError} in words for the operator; nothing half remains
 * @throws {DatabaseDamagedError} if there is nothing worth a backup
 */
export async function makeBackup(plan: BackupPlan): Promise<number> {
  const { dataFolder, place, name, at } = plan;
  await assertGateway(dataFolder);
  await using work = await openWorkFolder(dataFolder, BACKUP_WORK_FOLDER);
  const snapshot = await takeSnapshot(dataFolder, work.path);
  const { internetAddress, progress, sealer } = plan;
  const manifest = { at, internetAddress, octets: snapshot.octets };
  const plain = new Measure();
  const sealed = new Measure();
  const watch = watchRoom(dataFolder);
  const archive = plain.through(packArchive(manifest, snapshot.files()), async (octets) => {
    progress.at('Writing', octets, snapshot.octets);
    await watch(octets);
  });
  await place.write(name, sealed.through(await sealer.encrypt(ReadableStream.from(archive))));
  try {
    await verify(plan, { plain: plain.digest(), sealed: sealed.digest(), octets: sealed.octets });
    await place.publish(name);
  } catch (error) {
    await place.discard(name).catch(() => {});
    throw error;
  }
  await noteLastBackup(dataFolder, { at, to: place.address });
  return sealed.octets;
}

interface Written {
  /** Digests. */
  readonly plain: string;
  readonly sealed: string;
  readonly octets: number;
}

/** The plain text contains the snapshot, whose database was checked, or has another digest. */
async function verify({ place, name, sealer, progress }: BackupPlan, written: Written) {
  const plain = new Measure();
  const sealed = new Measure();
  const octets = sealed.through(place.read(name), (total) =>
    progress.at('Verifying', total, written.octets),
  );
  try {
    for await (const _ of plain.through(await sealer.decrypt(ReadableStream.from(octets)))) {
      // Only measured.
    }
  } catch (cause) {
    throw new BackupError(`what was written to ${place.address} cannot be read back`, { cause });
  }
  if (plain.digest() !== written.plain || sealed.digest() !== written.sealed) {
    throw new BackupError(`what was written to ${place.address} comes back changed`);
  }
}

/** Gives up before the backup takes the gateway's last room. */
function watchRoom(dataFolder: string): (octets: number) => Promise<void> {
  let lookAt = LOOK_OCTETS;
  return async (octets) => {
    if (octets < lookAt) {
      return;
    }
    lookAt = octets + LOOK_OCTETS;
    const { bavail, bsize } = await statfs(dataFolder);
    if (bavail * bsize < LEAST_FREE_OCTETS / 2) {
      throw new BackupError(
        `the disk of ${dataFolder} became too full: the gateway needs the rest`,
      );
    }
  };
}
