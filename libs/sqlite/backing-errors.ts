import { BackingFullError, type BackingName, BackingUnavailableError } from '#backing/errors.ts';
import { DatabaseFullError, DatabaseUnavailableError } from './errors.ts';

const FULL_CODES = ['ENOSPC', 'EDQUOT', 'EFBIG'];

/**
 * Turns an error of the database or file system into the one that ports document; returns any other
 * as it is.
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

/** @param codes - the codes to match; any by default */
function isFileSystemError(error: unknown, codes?: readonly string[]): error is Error {
  return (
    error instanceof Error &&
    'syscall' in error &&
    'code' in error &&
    (codes?.includes(String(error.code)) ?? true)
  );
}
