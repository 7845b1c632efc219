import { DatabaseSync } from 'node:sqlite';
import { workerData } from 'node:worker_threads';
import { Connection } from './connection.ts';
import { DatabaseInUseError } from './errors.ts';
import { isBusy } from './failure.ts';
import { commitTogether } from './group-commit.ts';
import { serveThread, type ThreadWork } from './serve-thread.ts';

/** What the writer thread is started with. */
export interface WriterOptions {
  readonly path: string;
  /** Whether to keep other processes from owning the database. */
  readonly exclusive: boolean;
  readonly maxFileOctets: number | null;
}

/** Pages in memory. */
const CACHE_OCTETS = 8 * 1_024 * 1_024;
/** How long a write waits for another process where the database is shared. */
const BUSY_TIMEOUT_MS = 1_000;
/** Takes effect when the file is created. */
const PAGE_OCTETS = 4_096;
/** The log is copied into the database at this length. */
const CHECKPOINT_OCTETS = 16 * 1_024 * 1_024;
/** The log file is truncated to this after a burst. */
const MAX_LOG_OCTETS = 64 * 1_024 * 1_024;

serveThread(() => openWriter(workerData as WriterOptions));

function openWriter({ path, exclusive, maxFileOctets }: WriterOptions): ThreadWork {
  const lock = exclusive ? takeLock(path) : null;
  const connection = new Connection(new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS }));
  connection.exec(`
    PRAGMA page_size = ${PAGE_OCTETS};
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = ${CHECKPOINT_OCTETS / PAGE_OCTETS};
    PRAGMA journal_size_limit = ${MAX_LOG_OCTETS};
    PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -${CACHE_OCTETS / 1_024};
  `);
  if (maxFileOctets !== null) {
    connection.exec(`PRAGMA max_page_count = ${Math.floor(maxFileOctets / PAGE_OCTETS)}`);
  }
  return {
    learn: (newSql) => connection.learn(newSql),
    run: (calls) => (calls.length > 0 ? commitTogether(connection, calls) : []),
    close: () => {
      try {
        connection.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      } catch {
        // The disk may be full; the next process finds the log as it is.
      }
      connection.close();
      lock?.close();
    },
  };
}

/**
 * Locks a file beside the database through the operating system, which releases the lock when the
 * process ends in any way.
 *
 * @throws {DatabaseInUseError}
 */
function takeLock(path: string): DatabaseSync {
  const lock = new DatabaseSync(`${path}.lock`, { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    throw isBusy(error) ? new DatabaseInUseError(path, { cause: error }) : error;
  }
}
