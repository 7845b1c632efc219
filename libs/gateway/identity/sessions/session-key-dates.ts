import { MAX_LIFE_MS } from '#awala/limits.ts';

/**
 * How long session keys are given away and kept. `docs/decisions/bound-session-keys.md` explains
 * the sums.
 */

const DAY_MS = 86_400_000;

/** RS-003: keys SHOULD NOT be used for more than 30 days, and MUST NOT for more than 60. */
export const KEY_USE_MS = 30 * DAY_MS;

/**
 * For keys that are given away: one given at the end of its use is kept until its holder's
 * certificate ends, whose last message may then be in transit.
 */
export const GIVEN_KEY_RETENTION_MS = KEY_USE_MS + 2 * MAX_LIFE_MS;

/**
 * A peer may answer to a key of ours when the cargo that brought it arrives, up to a life after it
 * was packed, and that answer may be under way for as long again.
 */
export const BOUND_KEY_RETENTION_MS = 2 * MAX_LIFE_MS;

/** How far the clocks of processes may differ before one counts as wrong. */
export const CLOCK_DIFFERENCE_MS = 2 * 3_600_000;

/**
 * A key made while the clock may be far behind would otherwise expire as soon as the clock is
 * right.
 */
export const DOUBT_MARGIN_MS = 100 * 365 * DAY_MS;

/**
 * Whether something made then may be given away now; not if that is in the future, as the clock was
 * wrong.
 */
export function isInUse(createdAtMs: number, nowMs: number): boolean {
  return createdAtMs - CLOCK_DIFFERENCE_MS <= nowMs && nowMs < createdAtMs + KEY_USE_MS;
}
