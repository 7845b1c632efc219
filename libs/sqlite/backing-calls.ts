import { BackingFullError, type BackingName, BackingUnavailableError } from '#backing/errors.ts';
import { DatabaseFullError, DatabaseUnavailableError } from './errors.ts';

/**
 * The calls in progress on a port: turns database errors into the port's own, and lets closing wait
 * for calls that have started.
 */
export class BackingCalls {
  readonly #backing: BackingName;
  readonly #running = new Set<Promise<unknown>>();
  #closed = false;

  constructor(backing: BackingName) {
    this.#backing = backing;
  }

  /** @throws {BackingUnavailableError} once closed, without running `work` */
  run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#closed) {
      return Promise.reject(new BackingUnavailableError(this.#backing, 'closed'));
    }
    const running = work().catch((error) => {
      throw backingError(this.#backing, error);
    });
    this.#running.add(running);
    const forget = () => this.#running.delete(running);
    running.then(forget, forget);
    return running;
  }

  /** Refuses new calls; resolves once the running ones have ended. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#running);
  }
}

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
