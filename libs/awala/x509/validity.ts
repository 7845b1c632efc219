import { InvalidMessageError } from '../errors.ts';
import { CLOCK_DRIFT_TOLERANCE_MS } from '../limits.ts';
import type { Certificate } from './certificate.ts';

/**
 * The fault of a certificate by itself at a time, if any. Its start may be in the future by the
 * tolerated clock drift; its end is strict.
 */
export function faultAt(certificate: Certificate, at: Date): InvalidMessageError | null {
  const atMs = at.getTime();
  if (certificate.notAfter.getTime() < atMs) {
    return new InvalidMessageError('expired', 'Certificate has expired');
  }
  if (certificate.notBefore.getTime() > atMs + CLOCK_DRIFT_TOLERANCE_MS) {
    return new InvalidMessageError('not-yet-valid', 'Certificate starts in the future');
  }
  if (certificate.hasUnknownCriticalExtension) {
    return new InvalidMessageError('certificate', 'Certificate has an unknown critical extension');
  }
  return null;
}
