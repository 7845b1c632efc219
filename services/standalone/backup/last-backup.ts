import { randomUUID } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { matchOwner } from './ownership.ts';

/** In the data folder: when and where it was last backed up. */
const LAST_BACKUP_FILE = 'last-backup.json';

/** Notes a backup, for whoever watches its age. */
export async function noteLastBackup(
  dataFolder: string,
  { at, to }: { readonly at: Date; readonly to: string },
): Promise<void> {
  const path = join(dataFolder, LAST_BACKUP_FILE);
  const temporary = `${path}.${randomUUID()}.tmp`;
  const content = `${JSON.stringify({ at: at.toISOString(), to })}\n`;
  await writeFile(temporary, content, { mode: 0o600, flush: true });
  await matchOwner(dataFolder, [temporary]);
  await rename(temporary, path);
}
