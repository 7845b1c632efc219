import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { assertOrdinary } from '#backing/ordinary-files.ts';
import { DatabaseInUseError } from './errors.ts';
import { isBusy } from './failure.ts';

/**
 * Locks the file `<path>.lock` through the operating system, which releases the lock when the
 * process ends in any way. Disposing of the result releases it.
 *
 * @param timeoutMs - how long to wait for whoever holds it
 * @throws {DatabaseInUseError}
 * @throws {OddFileError} if the lock is no file
 */
export function takeLock(path: string, timeoutMs: number): Disposable {
  assertOrdinary(`${path}.lock`);
  const lock = new DatabaseSync(`${path}.lock`, { timeout: timeoutMs });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    throw isBusy(error) ? new DatabaseInUseError(path, { cause: error }) : error;
  }
}

/** @returns null while another process holds it, or if none ever did */
export function takeLockIfFree(path: string): Disposable | null {
  try {
    return existsSync(`${path}.lock`) ? takeLock(path, 0) : null;
  } catch {
    return null;
  }
}
