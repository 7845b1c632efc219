import type { Clock } from '#clock/clock.ts';
import type { ClockPlausibility } from '#clock/clock-plausibility.ts';

/** A clock, and whether it may be right. */
export interface ExpiryParts {
  readonly clock: Clock;
  /** Never in doubt unless given. */
  readonly plausibility?: Pick<ClockPlausibility, 'doubt'>;
}

/**
 * Whether something has expired. Nothing expires by a clock that may be wrong: the recipient can
 * judge.
 */
export function isExpired(
  { expiresAt }: { readonly expiresAt: Date },
  { clock, plausibility }: ExpiryParts,
): boolean {
  return expiresAt <= clock.now() && (plausibility?.doubt ?? null) === null;
}
