import type { Clock } from '#clock/clock.ts';
import type { ClockPlausibility } from '#clock/clock-plausibility.ts';
import type { Generation } from '#object-store/port.ts';

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

/**
 * Whether a held parcel has expired for certain. An entry of the index, which names no generation,
 * says when what was announced expires: if that was never stored, what it was to replace may live
 * longer.
 */
export function hasSurelyExpired(
  parcel: { readonly generation: Generation | null; readonly expiresAt: Date },
  parts: ExpiryParts,
): boolean {
  return parcel.generation !== null && isExpired(parcel, parts);
}
