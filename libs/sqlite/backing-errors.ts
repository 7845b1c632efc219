import { BackingFullError, type BackingName, BackingUnavailableError } from '#backing/errors.ts';
import { DatabaseFullError, DatabaseUnavailableError } from './errors.ts';

const FULL_CODES = ['ENOSPC', 'EDQUOT', 'EFBIG'];

/**
 * The error that a port documents for an error of the database or of the file
 * system; any other stays as it is.
 */
export function backingError(backing: BackingName, error: unknown): unknown {
  if (error instanceof DatabaseUnavailableError) {
    return new BackingUnavailableError(backing, error.message, { cause: error });
  }
  if (error instanceof DatabaseFullError || isFileSystemError(error, FULL_CODES)) {
    return new BackingFullError(backing, error.message, { cause: error });
  }
  if (isFileSystemError(error)) {
    return new BackingUnavailableError(backing, error.message, { cause: error });
  }
  return error;
}

/** @param codes - which codes are meant; any by default */
function isFileSystemError(error: unknown, codes?: readonly string[]): error is Error {
  return (
    error instanceof Error &&
    'syscall' in error &&
    'code' in error &&
    (codes?.includes(String(error.code)) ?? true)
  );
}
