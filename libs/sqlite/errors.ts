import type { Damage } from './damage.ts';

/** The database did not answer in time, or cannot; a retry may succeed. */
export class DatabaseUnavailableError extends Error {
  readonly code = 'DATABASE_UNAVAILABLE';
  /** Whether the write may have taken effect, or may still. */
  readonly outcomeUnknown: boolean;

  constructor(message: string, options: ErrorOptions & { outcomeUnknown?: boolean } = {}) {
    super(message, options);
    this.name = 'DatabaseUnavailableError';
    this.outcomeUnknown = options.outcomeUnknown ?? false;
  }
}

/** The disk, or the size allowed for the database, is used up. The call wrote nothing. */
export class DatabaseFullError extends Error {
  readonly code = 'DATABASE_FULL';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DatabaseFullError';
  }
}

/** Another process owns the database, or this process has it open already. */
export class DatabaseInUseError extends Error {
  readonly code = 'DATABASE_IN_USE';

  constructor(path: string, options?: ErrorOptions) {
    super(`${path} is in use: only one gateway can run on a data folder at a time`, options);
    this.name = 'DatabaseInUseError';
  }
}

/**
 * The database is damaged, or may lack what was written last. It was left as it is. The message tells
 * the operator what to do.
 */
export class DatabaseDamagedError extends Error {
  readonly code = 'DATABASE_DAMAGED';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DatabaseDamagedError';
  }

  static by({ fault, remedy }: Damage): DatabaseDamagedError {
    return new DatabaseDamagedError(`${fault}. ${remedy}`);
  }
}

/**
 * SQLite refused a statement, for a bug in the caller or a violated constraint. The call wrote
 * nothing.
 */
export class StatementFailedError extends Error {
  readonly code = 'STATEMENT_FAILED';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StatementFailedError';
  }
}
