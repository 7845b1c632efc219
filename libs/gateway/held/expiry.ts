import type { Clock } from '#clock/clock.ts';
import type { ClockPlausibility } from '#clock/clock-plausibility.ts';

export interface ExpiryParts {
  readonly clock: Clock;
  /** Never in doubt unless given. */
  readonly plausibility?: Pick<ClockPlausibility, 'doubt'>;
}

/**
 * Whether something is not to be passed on any more. Nothing is given up by a clock
 * that may be wrong: whoever gets it can judge.
 */
export function isExpired(
  { expiresAt }: { readonly expiresAt: Date },
  { clock, plausibility }: ExpiryParts,
): boolean {
  return expiresAt <= clock.now() && (plausibility?.doubt ?? null) === null;
}
