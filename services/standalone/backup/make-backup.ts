import { BackupError } from './backup-error.ts';
import type { DataSide } from './data-side.ts';
import type { Sealer } from './encryption.ts';
import { Measure } from './measured.ts';
import type { BackupPlace } from './places/place.ts';
import type { Progress } from './progress.ts';

/** What a backup is made of, and where it goes. */
interface BackupPlan {
  readonly data: DataSide;
  readonly internetAddress: string;
  readonly place: BackupPlace;
  /** The backup's name in its place. */
  readonly name: string;
  readonly sealer: Sealer;
  /** Everything accepted before this will be in it. */
  readonly at: Date;
  readonly progress: Progress;
}

interface Made {
  readonly octets: number;
  readonly leftOut: readonly string[];
}

/**
 * Makes a backup, reads it back, and only then gives it its name.
 *
 * @returns its octets, and paths of what it does not hold, as no restore would take it
 * @throws {BackupError} in words for the operator; nothing half remains
 * @throws {DatabaseDamagedError} if there is nothing worth a backup
 */
export async function makeBackup(plan: BackupPlan): Promise<Made> {
  const { data, place, name, at, internetAddress, progress, sealer } = plan;
  const snapshot = await data.takeSnapshot({ at, internetAddress });
  const plain = new Measure();
  const sealed = new Measure();
  const archive = plain.through(snapshot.archive, (octets) =>
    progress.at('Writing', octets, snapshot.octets),
  );
  await place.write(name, sealed.through(await sealer.encrypt(ReadableStream.from(archive))));
  try {
    await verify(plan, { plain: plain.digest(), sealed: sealed.digest(), octets: sealed.octets });
    await place.publish(name);
  } catch (error) {
    await place.discard(name).catch(() => {});
    throw error;
  }
  await data.noteBackup({ at, to: place.address });
  return { octets: sealed.octets, leftOut: snapshot.leftOut };
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
