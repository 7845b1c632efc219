import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '#clock/clock.ts';
import { DATABASE_FILE, KEYS_FOLDER } from '#composition/data-folder.ts';
import { openLocalKeyVault } from '#key-vault/local/key-vault.ts';
import type { KeyVault } from '#key-vault/port.ts';
import { silentLog } from '#log/log.ts';
import type { RecordStore } from '#record-store/port.ts';
import { SqliteRecordStore } from '#record-store/sqlite/sqlite-record-store.ts';
import { openToLook } from '#sqlite/open-database.ts';

const PAGE_SIZE = 200;
const FILES = ['sealing.key', 'identity.key.sealed'];

interface LookParts {
  readonly clock: Clock;
  readonly deadlineMs: number;
  /** Closes them. */
  readonly opened: AsyncDisposableStack;
}

/**
 * Opens the keys in a data folder, and creates none.
 *
 * @throws {Error} if a file is missing, or is no ordinary file
 * @throws {LocalVaultError}
 */
export async function openVaultToLook(folder: string): Promise<KeyVault> {
  const keys = join(folder, KEYS_FOLDER);
  for (const name of FILES) {
    const path = join(keys, name);
    const found = await stat(path).catch(() => null);
    if (!found) {
      throw new Error(`there is no ${path}`);
    }
    // Opening a pipe would never end.
    if (!found.isFile()) {
      throw new Error(`${path} is no ordinary file`);
    }
  }
  return openLocalKeyVault({ folder: keys, log: silentLog });
}

/**
 * Opens the records of a data folder, and changes nothing.
 *
 * @throws if there are none
 */
export async function openRecordsToLook(
  folder: string,
  { clock, deadlineMs, opened }: LookParts,
): Promise<RecordStore> {
  const database = opened.use(await openToLook(join(folder, DATABASE_FILE), { clock, deadlineMs }));
  return new SqliteRecordStore({ database, clock, pageSize: PAGE_SIZE });
}
