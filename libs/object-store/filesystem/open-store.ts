import { type Clock, systemClock } from '#clock/clock.ts';
import { backingError } from '#sqlite/backing-calls.ts';
import type { Database } from '#sqlite/database.ts';
import { migrate } from '#sqlite/migrate.ts';
import type { ObjectStore } from '../port.ts';
import { BodyFiles } from './body-files.ts';
import { FilesystemObjectStore } from './filesystem-object-store.ts';
import { Generations } from './generations.ts';
import { OBJECT_MIGRATIONS } from './layout.ts';

/** Larger bodies are cheaper in files. */
const MAX_ROW_OCTETS = 128 * 1_024;
const PAGE_SIZE = 500;

interface FilesystemObjectStoreOptions {
  /** Stays open after the store; may be shared with other adapters, which then share its syncs. */
  readonly database: Database;
  /** For large bodies only; created if missing, in a parent that exists. */
  readonly folder: string;
  /** Largest body kept in the database. @default {@link MAX_ROW_OCTETS} */
  readonly maxRowOctets?: number;
  /** Objects listed per page. @default {@link PAGE_SIZE} */
  readonly pageSize?: number;
  /** Each file access finishes within this or fails. */
  readonly deadlineMs: number;
  /** Measures the deadline, and dates objects as they are stored. */
  readonly clock?: Clock;
}

/**
 * Opens the store over a database and a folder that belong together.
 *
 * @throws {BackingUnavailableError} if it cannot be opened
 */
export async function openFilesystemObjectStore(
  options: FilesystemObjectStoreOptions,
): Promise<ObjectStore> {
  const { database, folder, maxRowOctets = MAX_ROW_OCTETS, pageSize = PAGE_SIZE } = options;
  const { clock = systemClock, deadlineMs } = options;
  try {
    await migrate(database, 'object-store', OBJECT_MIGRATIONS);
    const generations = await Generations.open(database);
    const files = await BodyFiles.open({ folder, clock, deadlineMs });
    return new FilesystemObjectStore({
      database,
      files,
      generations,
      maxRowOctets,
      pageSize,
      clock,
    });
  } catch (error) {
    throw backingError('object-store', error);
  }
}
