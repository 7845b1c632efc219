import { backingError } from '#sqlite/backing-calls.ts';
import type { Database } from '#sqlite/database.ts';
import { migrate } from '#sqlite/migrate.ts';
import type { WorkQueue } from '../port.ts';
import { StoredWorkQueue, type StoredWorkQueueOptions } from '../stored-queue.ts';
import { JOB_MIGRATIONS, WAITING_MIGRATIONS } from './layout.ts';
import { SqliteJobStore } from './sqlite-job-store.ts';

interface SqliteWorkQueueOptions extends StoredWorkQueueOptions {
  /** Stays open after the queue; may be shared with other adapters, which then share its syncs. */
  readonly database: Database;
}

/**
 * Opens the work queue over a database. Only one process may consume it at a time; others may
 * enqueue, list, replay and discard, which the consuming process notices within a minute.
 *
 * @throws {BackingUnavailableError} if it cannot be opened
 */
export async function openSqliteWorkQueue(options: SqliteWorkQueueOptions): Promise<WorkQueue> {
  const { database, ...others } = options;
  try {
    await migrate(database, 'work-queue', JOB_MIGRATIONS);
    await migrate(database, 'work-queue-waiting', WAITING_MIGRATIONS);
    return new StoredWorkQueue(new SqliteJobStore(database), others);
  } catch (error) {
    throw backingError('work-queue', error);
  }
}
