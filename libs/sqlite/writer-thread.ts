import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { workerData } from 'node:worker_threads';
import { Connection } from './connection.ts';
import { DatabaseDamagedError, DatabaseInUseError } from './errors.ts';
import { examine } from './examine.ts';
import { failureOf, isBusy, isCorrupt } from './failure.ts';
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
  const lock = exclusive ? takeLock(path) : null;
  try {
    if (lock) {
      examine(path, { adopts });
    }
    return connect(options, lock);
  } catch (error) {
    lock?.close();
    throw isCorrupt(error) ? DatabaseDamagedError.malformed(path, String(error)) : error;
  }
}

function connect({ path, maxFileOctets }: WriterOptions, lock: DatabaseSync | null): ThreadWork {
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
  readonly lock: DatabaseSync | null;
}

function close({ path, connection, mark, lock }: Open): void {
  const closing = lock ?? lockIfFree(path);
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
  closing?.close();
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

/**
 * Locks a file beside the database through the operating system, which releases the lock when the
 * process ends in any way.
 *
 * @throws {DatabaseInUseError}
 */
function takeLock(path: string, timeout = BUSY_TIMEOUT_MS): DatabaseSync {
  const lock = new DatabaseSync(`${path}.lock`, { timeout });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    throw isBusy(error) ? new DatabaseInUseError(path, { cause: error }) : error;
  }
}

/** @returns null while another process owns the database, or if none ever did */
function lockIfFree(path: string): DatabaseSync | null {
  try {
    return existsSync(`${path}.lock`) ? takeLock(path, 0) : null;
  } catch {
    return null;
  }
}
