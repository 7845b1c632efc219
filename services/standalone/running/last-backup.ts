import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseObject } from './operations-client.ts';

const MAX_FILE_OCTETS = 65_536;

/**
 * When the last good backup was made, as `last-backup.json` in the data folder says.
 *
 * @returns null if none is recorded there
 */
export async function lastBackupAt(folder: string): Promise<Date | null> {
  const path = join(folder, 'last-backup.json');
  const found = await stat(path).catch(() => null);
  // Reading a pipe would never end.
  if (!found?.isFile() || found.size > MAX_FILE_OCTETS) {
    return null;
  }
  const { at } = parseObject(await readFile(path, 'utf8').catch(() => ''));
  const time = typeof at === 'string' ? Date.parse(at) : Number.NaN;
  return Number.isNaN(time) ? null : new Date(time);
}
