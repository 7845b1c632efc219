import { type Clock, systemClock } from '#clock/clock.ts';
import { backingError } from '#sqlite/backing-errors.ts';
import type { Database } from '#sqlite/database.ts';
import { migrate } from '#sqlite/migrate.ts';
import type { ObjectStore } from '../port.ts';
import { BodyFiles } from './body-files.ts';
import { FilesystemObjectStore } from './filesystem-object-store.ts';
import { Generations } from './generations.ts';
import { OBJECT_MIGRATIONS } from './layout.ts';

interface FilesystemObjectStoreOptions {
  /** Not closed with the store; may be shared with other adapters, and then shares its syncs with them. */
  readonly database: Database;
  /** Where large bodies are kept, and nothing else; created, in a folder that exists, if it is not there. */
  readonly folder: string;
  /** Largest body that is kept in the database; 128 KiB by default, where files begin to take less work. */
  readonly maxRowOctets?: number;
  /** Objects listed per page; 500 by default. */
  readonly pageSize?: number;
  /** Within this each access to a file is done or fails; 2 000 by default. */
  readonly deadlineMs?: number;
  /** Measures the deadline, and tells when an object is stored. */
  readonly clock?: Clock;
}

/**
 * Opens the object store in a database and a folder that belong together.
 *
 * @throws {BackingUnavailableError} if it cannot be opened
 */
export async function openFilesystemObjectStore(
  options: FilesystemObjectStoreOptions,
): Promise<ObjectStore> {
  const { database, folder, maxRowOctets = 128 * 1_024, pageSize = 500 } = options;
  const { clock = systemClock, deadlineMs = 2_000 } = options;
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
