/** How the pauses between a job's attempts grow. */
export interface Backoff {
  /** Before the second attempt, in milliseconds. */
  readonly firstMs: number;
  /** The longest pause, in milliseconds. */
  readonly maxMs: number;
}

/**
 * The longest that any job is put off, whoever asks. A job due later than this from now was put off
 * by a clock that was ahead.
 */
export const LONGEST_PAUSE_MS = 3_600_000;

/** From 5 s to 1 h, which is reached after ten attempts. */
export const DEFAULT_BACKOFF: Backoff = { firstMs: 5_000, maxMs: LONGEST_PAUSE_MS };

/**
 * The pause after a failed attempt: doubles each time, up to a maximum. Up to half of it is left
 * out at random, so that jobs that failed together are not retried together.
 *
 * @param attempts - made so far, from 1
 * @param random - from 0 (inclusive) to 1 (exclusive)
 * @returns whole milliseconds, over half of the full pause and at most all of it
 */
export function pauseAfter(attempts: number, random: number, backoff = DEFAULT_BACKOFF): number {
  const doublings = Math.min(Math.max(attempts - 1, 0), 52);
  const fullMs = Math.min(backoff.firstMs * 2 ** doublings, backoff.maxMs);
  return Math.ceil(fullMs * (1 - random / 2));
}
