import { BackingError } from '#backing/errors.ts';
import { type Backoff, pauseAfter } from '#bounds/backoff.ts';
import type { Clock } from '#clock/clock.ts';
import { RetryLaterError } from '#work-queue/port.ts';

/** Service must resume soon after an outage of any length. */
const PAUSE: Backoff = { firstMs: 6_000, maxMs: 6_000 };

/**
 * Runs (part of) a job so that a failing backing service makes the job come again after 3 to 6 s,
 * as often as needed, without counting an attempt.
 *
 * @throws {RetryLaterError} instead of a backing service's error
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
