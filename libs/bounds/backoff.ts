/** How pauses between attempts grow. */
export interface Backoff {
  /** The full pause after the first failure, in milliseconds. */
  readonly firstMs: number;
  /** The longest full pause, in milliseconds. */
  readonly maxMs: number;
  /** Factor between full pauses. @default 2 */
  readonly growth?: number;
  /** The part of a full pause, from 0 to 1, that may be left out at random. @default 0.5 */
  readonly jitter?: number;
}

/**
 * The pause after a failure. Part of it is left out at random, so that what failed together is not
 * retried together.
 *
 * At the bound, pauses stop growing; the caller decides how often to retry.
 *
 * @param failures - in a row, from 1
 * @param random - from 0 (inclusive) to 1 (exclusive)
 * @returns whole milliseconds: by default at least half of the full pause, and at most all of it
 */
export function pauseAfter(
  failures: number,
  { firstMs, maxMs, growth = 2, jitter = 0.5 }: Backoff,
  random: () => number = Math.random,
): number {
  const fullMs = Math.min(firstMs * growth ** Math.max(failures - 1, 0), maxMs);
  return Math.ceil(fullMs * (1 - jitter * (1 - random())));
}
