import type { Certificate } from '#awala/x509/certificate.ts';
import { ISSUANCE_BACKDATING_MS } from './identity.ts';

/** Whoever floods us with new keys must have thought of it so long before. */
const PROBATION_MS = 7 * 86_400_000;

/**
 * Whether a private gateway has been one for over a week.
 *
 * @param certificate - verified, and issued by us
 * @see docs/decisions/established-phones.md
 */
export function isEstablished(
  { notBefore, isOfEstablished }: Pick<Certificate, 'notBefore' | 'isOfEstablished'>,
  now: Date,
): boolean {
  const issuedAtMs = notBefore.getTime() + ISSUANCE_BACKDATING_MS;
  return isOfEstablished || now.getTime() - issuedAtMs > PROBATION_MS;
}
