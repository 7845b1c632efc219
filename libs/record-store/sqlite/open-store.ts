import { type Clock, systemClock } from '#clock/clock.ts';
import { backingError } from '#sqlite/backing-calls.ts';
import type { Database } from '#sqlite/database.ts';
import { migrate } from '#sqlite/migrate.ts';
import type { RecordStore } from '../port.ts';
import { RECORD_MIGRATIONS } from './layout.ts';
import { SqliteRecordStore } from './sqlite-record-store.ts';

const PAGE_SIZE = 200;

interface SqliteRecordStoreOptions {
  /** Stays open after the store; may be shared with other adapters, which then share its syncs. */
  readonly database: Database;
  /** Decides which records have expired. */
  readonly clock?: Clock;
  /** Records listed per page. @default {@link PAGE_SIZE} */
  readonly pageSize?: number;
}

/**
 * Opens the store over a database.
 *
 * @throws {BackingUnavailableError} if it cannot be opened
 */
export async function openSqliteRecordStore(
  options: SqliteRecordStoreOptions,
): Promise<RecordStore> {
  const { database, clock = systemClock, pageSize = PAGE_SIZE } = options;
  try {
    await migrate(database, 'record-store', RECORD_MIGRATIONS);
    return new SqliteRecordStore({ database, clock, pageSize });
  } catch (error) {
    throw backingError('record-store', error);
  }
}
