import { join } from 'node:path';
import type { Clock } from '#clock/clock.ts';
import { DATABASE_FILE } from '#composition/data-folder.ts';
import { leftOctets } from '#sqlite/disk-room.ts';
import { openToLook } from '#sqlite/open-database.ts';

/**
 * Octets that the disk of a data folder takes before parcels are refused, counted as a gateway that
 * runs there counts them. If the database cannot be read, its free pages count for nothing.
 *
 * @throws if the disk cannot be examined
 */
export async function roomLeft(
  folder: string,
  options: { readonly clock: Clock; readonly deadlineMs: number },
): Promise<number> {
  const path = join(folder, DATABASE_FILE);
  await using opened = new AsyncDisposableStack();
  const database = await openToLook(path, options).catch(() => null);
  const octets = await opened
    .use(database)
    ?.roomOctets()
    .catch(() => null);
  return octets ?? leftOctets({ path, unusedOctets: async () => 0 });
}
