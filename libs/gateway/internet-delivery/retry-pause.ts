const FIRST_PAUSE_MS = 10_000;

/**
 * How long to wait before the next attempt: doubles with each one, from 10 s up
 * to the longest, and is shortened at random by up to a half, so that what failed
 * together is not tried again together.
 *
 * @param attempt - the one that failed; 1 for the first
 */
export function retryPauseMs(
  attempt: number,
  longestMs: number,
  random: () => number = Math.random,
): number {
  const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(attempt - 1, 30), longestMs);
  return pauseMs * (1 - random() / 2);
}
