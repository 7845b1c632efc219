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

  static malformed(path: string, how: string): DatabaseDamagedError {
    return new DatabaseDamagedError(
      `${path} is damaged (${oneLine(how)}). Restore a backup: awala-gateway restore. ` +
        'Without one, docs/operations/one-machine.md says how to save what can still be read.',
    );
  }

  static copied(path: string): DatabaseDamagedError {
    return new DatabaseDamagedError(
      `${path} is a copy made while its gateway ran, or after that died: it may lack parcels that were accepted. ` +
        'Stop that gateway and copy the folder again, or restore a backup: awala-gateway restore. ' +
        'If no gateway ran while it was copied: awala-gateway adopt.',
    );
  }

  static halfRestored(folder: string): DatabaseDamagedError {
    return new DatabaseDamagedError(
      `A restore into ${folder} was cut short. Run it again: awala-gateway restore.`,
    );
  }

  static withoutLog(path: string): DatabaseDamagedError {
    return new DatabaseDamagedError(
      `${path}-wal is missing, which holds what was accepted last: it was deleted, or not copied. ` +
        'Bring it back, or restore a backup: awala-gateway restore. To go on without it: awala-gateway adopt.',
    );
  }
}

const SHOWN_CHARACTERS = 200;

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').slice(0, SHOWN_CHARACTERS);
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
