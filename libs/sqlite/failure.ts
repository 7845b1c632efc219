import {
  DatabaseDamagedError,
  DatabaseFullError,
  DatabaseInUseError,
  DatabaseUnavailableError,
  StatementFailedError,
} from './errors.ts';

/** An error in transit from a database thread, which class instances do not survive. */
export interface Failure {
  readonly kind: 'damaged' | 'full' | 'in-use' | 'statement' | 'unavailable';
  readonly message: string;
}

/** Primary result codes, https://sqlite.org/rescode.html */
const SQLITE_ERROR = 1;
const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_TOOBIG = 18;
const SQLITE_CONSTRAINT = 19;
const SQLITE_MISMATCH = 20;
const SQLITE_RANGE = 25;
const SQLITE_NOTADB = 26;

const FAULTS_OF_THE_STATEMENT = [
  SQLITE_ERROR,
  SQLITE_TOOBIG,
  SQLITE_CONSTRAINT,
  SQLITE_MISMATCH,
  SQLITE_RANGE,
];

/** Turns an error into what can cross threads. */
export function failureOf(error: unknown): Failure {
  if (error instanceof DatabaseInUseError) {
    return { kind: 'in-use', message: error.message };
  }
  if (error instanceof DatabaseDamagedError) {
    return { kind: 'damaged', message: error.message };
  }
  const message = error instanceof Error ? error.message : String(error);
  const code = resultCode(error);
  if (code === null) {
    // Not from SQLite: a value that cannot be bound, or a bug of ours.
    return { kind: 'statement', message };
  }
  if (code === SQLITE_FULL) {
    return { kind: 'full', message };
  }
  const kind = FAULTS_OF_THE_STATEMENT.includes(code) ? 'statement' : 'unavailable';
  return { kind, message: `${message} (SQLite result ${code})` };
}

/** Whether SQLite found the database locked. */
export function isBusy(error: unknown): boolean {
  return resultCode(error) === SQLITE_BUSY;
}

/** Whether SQLite found the file malformed, or no database at all. */
export function isCorrupt(error: unknown): boolean {
  const code = resultCode(error);
  return code === SQLITE_CORRUPT || code === SQLITE_NOTADB;
}

/**
 * The error for a failure that crossed threads.
 *
 * @param path - of the database, for the message
 */
export function errorOf(failure: Failure, path: string): Error {
  switch (failure.kind) {
    case 'damaged':
      return new DatabaseDamagedError(failure.message);
    case 'full':
      return new DatabaseFullError(failure.message);
    case 'in-use':
      return new DatabaseInUseError(path);
    case 'statement':
      return new StatementFailedError(failure.message);
    case 'unavailable':
      return new DatabaseUnavailableError(failure.message);
  }
}

function resultCode(error: unknown): number | null {
  const isSqlite = error instanceof Error && 'errcode' in error;
  return isSqlite && typeof error.errcode === 'number' ? error.errcode & 0xff : null;
}
