/** The database could not answer, now or in time; the same call may succeed later. */
export class DatabaseUnavailableError extends Error {
  readonly code = 'DATABASE_UNAVAILABLE';
  /** Whether a write may have been made, or may still be made, although nobody is told. */
  readonly outcomeUnknown: boolean;

  constructor(message: string, options: ErrorOptions & { outcomeUnknown?: boolean } = {}) {
    super(message, options);
    this.name = 'DatabaseUnavailableError';
    this.outcomeUnknown = options.outcomeUnknown ?? false;
  }
}

/** The disk, or the size allowed for the database, is used up. Nothing of the call was written. */
export class DatabaseFullError extends Error {
  readonly code = 'DATABASE_FULL';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DatabaseFullError';
  }
}

/** Another process owns the database, or this process opened it before. */
export class DatabaseInUseError extends Error {
  readonly code = 'DATABASE_IN_USE';

  constructor(path: string, options?: ErrorOptions) {
    super(`${path} is in use: only one gateway can run on a data folder at a time`, options);
    this.name = 'DatabaseInUseError';
  }
}

/** SQLite refused a statement: a fault of the code that sent it, or a broken constraint. Nothing of the call was written. */
export class StatementFailedError extends Error {
  readonly code = 'STATEMENT_FAILED';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StatementFailedError';
  }
}
