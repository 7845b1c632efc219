import { statfs } from 'node:fs/promises';
import { BackupError } from './backup-error.ts';
import { LEAST_FREE_OCTETS } from './snapshot.ts';

/** Every so many octets, the data folder's disk is looked at. */
const LOOK_OCTETS = 16 * 1_024 * 1_024;

/**
 * Passes a backup on.
 *
 * @throws {BackupError} before the backup takes the gateway's last room
 */
export async function* watchRoom(
  dataFolder: string,
  archive: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let octets = 0;
  let lookAt = LOOK_OCTETS;
  for await (const piece of archive) {
    octets += piece.length;
    if (octets >= lookAt) {
      lookAt = octets + LOOK_OCTETS;
      await assertRoomLeft(dataFolder);
    }
    yield piece;
  }
}

async function assertRoomLeft(dataFolder: string): Promise<void> {
  const { bavail, bsize } = await statfs(dataFolder);
  if (bavail * bsize < LEAST_FREE_OCTETS / 2) {
    throw new BackupError(`the disk of ${dataFolder} became too full: the gateway needs the rest`);
  }
}
