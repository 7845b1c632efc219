import { BackingError } from '#backing/errors.ts';
import { type Backoff, pauseAfter } from '#bounds/backoff.ts';
import type { Clock } from '#clock/clock.ts';
import { RetryLaterError } from '#work-queue/port.ts';

/** Service must resume soon after a backing service’s return, however long that was away. */
const PAUSE: Backoff = { firstMs: 6_000, maxMs: 6_000 };

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
    if (error instanceof BackingError) {
      const notBefore = new Date(clock.now().getTime() + pauseAfter(1, PAUSE));
      throw new RetryLaterError(error.message, { cause: error, notBefore, isAttempt: false });
    }
    throw error;
  }
}
