import { DatabaseSync } from 'node:sqlite';
import { workerData } from 'node:worker_threads';
import { Connection } from './connection.ts';
import { takeLock, takeLockIfFree } from './database-lock.ts';
import { damagedIfCorrupt, examine } from './examine.ts';
import { failureOf } from './failure.ts';
import { commitTogether } from './group-commit.ts';
import { OpenMark } from './open-mark.ts';
import { serveThread, type ThreadWork } from './serve-thread.ts';

/** What the writer thread is started with. */
export interface WriterOptions {
  readonly path: string;
  /** Whether to keep other processes from owning the database. */
  readonly exclusive: boolean;
  /** Whether to take over a copy, or a database without its log. */
  readonly adopts: boolean;
  readonly maxFileOctets: number | null;
}

/** Pages in memory. */
const CACHE_OCTETS = 8 * 1_024 * 1_024;
/**
 * How long a write waits for another process where the database is shared, and its owner for a
 * command that closes it after its gateway died.
 */
const BUSY_TIMEOUT_MS = 1_000;
/** Takes effect when the file is created. */
const PAGE_OCTETS = 4_096;
/** The log is copied into the database at this length. */
const CHECKPOINT_OCTETS = 16 * 1_024 * 1_024;
/** The log file is truncated to this after a burst. */
const MAX_LOG_OCTETS = 64 * 1_024 * 1_024;

serveThread(() => openWriter(workerData as WriterOptions));

function openWriter(options: WriterOptions): ThreadWork {
  const { path, exclusive, adopts } = options;
  const lock = exclusive ? takeLock(path, BUSY_TIMEOUT_MS) : null;
  try {
    if (lock) {
      examine(path, { adopts });
    }
    return connect(options, lock);
  } catch (error) {
    lock?.[Symbol.dispose]();
    throw damagedIfCorrupt(error, path);
  }
}

function connect({ path, maxFileOctets }: WriterOptions, lock: Disposable | null): ThreadWork {
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  const connection = new Connection(database);
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
  const mark = new OpenMark(database, path);
  if (lock) {
    unlessFull(() => mark.open());
  }
  return {
    learn: (newSql) => connection.learn(newSql),
    run: (calls) => (calls.length > 0 ? commitTogether(connection, calls) : []),
    close: () => close({ path, connection, mark, lock }),
  };
}

interface Open {
  readonly path: string;
  readonly connection: Connection;
  readonly mark: OpenMark;
  /** Null in a process beside the owner. */
  readonly lock: Disposable | null;
}

function close({ path, connection, mark, lock }: Open): void {
  const closing = lock ?? takeLockIfFree(path);
  try {
    if (lock) {
      mark.closed();
    } else if (closing) {
      // Closing the last connection removes the log that a dead gateway left.
      mark.closedIfOpen();
    }
    if (closing) {
      connection.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    }
  } catch {
    // The disk may be full; the next process finds the log as it is.
  }
  connection.close();
  closing?.[Symbol.dispose]();
}

/** A full disk must not keep a gateway from starting; a copy of it is then not known for one. */
function unlessFull(write: () => void): void {
  try {
    write();
  } catch (error) {
    if (failureOf(error).kind !== 'full') {
      throw error;
    }
  }
}
