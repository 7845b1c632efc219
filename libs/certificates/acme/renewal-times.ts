import { pauseAfter } from '#bounds/backoff.ts';
import type { TlsCertificate } from '../port.ts';

/** The part of its life after which a certificate is renewed, as Let's Encrypt recommends. */
const RENEWED_AFTER = 2 / 3;
/** The part of its life over which renewals are spread at random, so that not all come at once. */
const SPREAD = 1 / 30;

/**
 * Between failed attempts. Let's Encrypt takes five failed validations of a name in an hour, and
 * these are fewer.
 */
const PAUSES = { firstMs: 300_000, maxMs: 6 * 3_600_000, jitter: 0.2 };
/** The longest pause, whoever asks for it. */
export const MOST_PAUSE_MS = 24 * 3_600_000;

/** When to order the next one. @param random - from 0 (inclusive) to 1 (exclusive) */
export function renewalOf({ validFrom, expiresAt }: TlsCertificate, random: () => number): Date {
  const lifeMs = expiresAt.getTime() - validFrom.getTime();
  return new Date(validFrom.getTime() + lifeMs * (RENEWED_AFTER + SPREAD * random()));
}

/** How long to wait after an attempt failed, in milliseconds. */
export function pauseAfterFailure(
  failures: number,
  retryAfterMs: number | null,
  random: () => number,
): number {
  const askedMs = Math.min(retryAfterMs ?? 0, MOST_PAUSE_MS);
  return Math.max(pauseAfter(failures, PAUSES, random), askedMs);
}
