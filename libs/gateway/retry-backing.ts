import { BackingFullError, BackingUnavailableError } from '#backing/errors.ts';
import type { Clock } from '#clock/clock.ts';
import { RetryLaterError } from '#work-queue/port.ts';

/** Service must resume soon after a backing service’s return, however long that was away. */
const LONGEST_PAUSE_MS = 6_000;

/**
 * Runs (part of) a job, so that a backing service that fails makes the job come
 * again, however often, instead of setting it aside; that is no attempt. It comes after 3 to 6 s.
 *
 * @throws {RetryLaterError} in place of a backing service's error
 */
export async function backingFailuresRetried<Result>(
  clock: Clock,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof BackingUnavailableError || error instanceof BackingFullError) {
      // At random, so that jobs that failed together are not tried again together.
      const pauseMs = LONGEST_PAUSE_MS * (1 - Math.random() / 2);
      const notBefore = new Date(clock.now().getTime() + pauseMs);
      throw new RetryLaterError(error.message, { cause: error, notBefore, isAttempt: false });
    }
    throw error;
  }
}
