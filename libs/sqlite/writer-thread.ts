import { DatabaseSync } from 'node:sqlite';
import { workerData } from 'node:worker_threads';
import { Connection } from './connection.ts';
import { DatabaseInUseError } from './errors.ts';
import { isBusy } from './failure.ts';
import { commitTogether } from './group-commit.ts';
import { serveThread, type ThreadWork } from './serve-thread.ts';

export interface WriterOptions {
  readonly path: string;
  /** Whether to keep every other process from owning the database. */
  readonly exclusive: boolean;
  readonly maxFileOctets: number | null;
}

/** How long a write waits for another process, where sharing is allowed. */
const BUSY_TIMEOUT_MS = 1_000;
/** Takes effect when the file is created. */
const PAGE_OCTETS = 4_096;
/** The log is copied into the database whenever it is this long: 16 MiB. */
const CHECKPOINT_PAGES = 4_096;
/** After a burst the log file is cut to this size. */
const MAX_LOG_OCTETS = 64 * 1_024 * 1_024;

serveThread(() => openWriter(workerData as WriterOptions));

function openWriter({ path, exclusive, maxFileOctets }: WriterOptions): ThreadWork {
  const lock = exclusive ? takeLock(path) : null;
  const connection = new Connection(new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS }));
  connection.exec(`
    PRAGMA page_size = ${PAGE_OCTETS};
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
    PRAGMA journal_size_limit = ${MAX_LOG_OCTETS};
    PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -8192;
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
        // The disk may be full: the next process finds the log as it is.
      }
      connection.close();
      lock?.close();
    },
  };
}

/**
 * A lock of the operating system on a file beside the database. It is released
 * by the death of the process, however it dies, so it is never stale.
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
