/** How pauses between the attempts at one job grow. */
export interface Backoff {
  /** Before the second attempt, in milliseconds. */
  readonly firstMs: number;
  /** No pause is longer, in milliseconds. */
  readonly maxMs: number;
}

/**
 * No job is put off for longer, whoever asks for it. What is due later than this from now was put
 * off by a clock that was ahead.
 */
export const LONGEST_PAUSE_MS = 3_600_000;

/** From 5 s to 1 h, which is reached after ten attempts. */
export const DEFAULT_BACKOFF: Backoff = { firstMs: 5_000, maxMs: LONGEST_PAUSE_MS };

/**
 * The pause after an attempt that failed: doubles with each attempt, up to a
 * maximum. Up to half of it is left out at random, so that jobs that failed
 * together are not tried again together.
 *
 * @param attempts - how many there were, from 1
 * @param random - from 0 (inclusive) to 1 (exclusive)
 * @returns whole milliseconds, more than half of the full pause and no more than all of it
 */
export function pauseAfter(attempts: number, random: number, backoff = DEFAULT_BACKOFF): number {
  const doublings = Math.min(Math.max(attempts - 1, 0), 52);
  const fullMs = Math.min(backoff.firstMs * 2 ** doublings, backoff.maxMs);
  return Math.ceil(fullMs * (1 - random / 2));
}
