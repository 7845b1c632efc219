import { BackingFullError, BackingUnavailableError } from '#backing/errors.ts';
import { RetryLaterError } from '#work-queue/port.ts';

/**
 * Runs (part of) a job, so that a backing service that fails makes the job come
 * again, however often, instead of setting it aside.
 *
 * @throws {RetryLaterError} in place of a backing service's error
 */
export async function backingFailuresRetried<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof BackingUnavailableError || error instanceof BackingFullError) {
      throw new RetryLaterError(error.message, { cause: error });
    }
    throw error;
  }
}
