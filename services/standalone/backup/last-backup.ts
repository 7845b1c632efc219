import { constants } from 'node:fs';
import { join } from 'node:path';
import { replaceDurably } from '#backing/durable-files.ts';
import { readOrdinary } from '#backing/ordinary-files.ts';
import { parseObject } from '../running/operations-client.ts';

/** In the data folder: when and where it was last backed up. */
const LAST_BACKUP_FILE = 'last-backup.json';
const MAX_FILE_OCTETS = 65_536;

/** Notes a backup, for whoever watches its age. */
export async function noteLastBackup(
  dataFolder: string,
  { at, to }: { readonly at: Date; readonly to: string },
): Promise<void> {
  const content = `${JSON.stringify({ at: at.toISOString(), to })}\n`;
  await replaceDurably(join(dataFolder, LAST_BACKUP_FILE), content);
}

/**
 * When the last good backup was made.
 *
 * @returns null if none is recorded
 */
export async function lastBackupAt(dataFolder: string): Promise<Date | null> {
  const path = join(dataFolder, LAST_BACKUP_FILE);
  // Not through a link: whoever reads it may be root.
  const read = readOrdinary(path, MAX_FILE_OCTETS, constants.O_NOFOLLOW);
  const { at } = parseObject(String((await read.catch(() => null)) ?? ''));
  const time = typeof at === 'string' ? Date.parse(at) : Number.NaN;
  return Number.isNaN(time) ? null : new Date(time);
}
