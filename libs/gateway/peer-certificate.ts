import type { Certificate } from '#awala/x509/certificate.ts';
import { issueGatewayCertificate } from '#awala/x509/issuance.ts';
import type { Clock } from '#clock/clock.ts';
import { type Identity, ISSUANCE_BACKDATING_MS, MAX_CERTIFICATE_VALIDITY_MS } from './identity.ts';

const DAY_MS = 86_400_000;
/** A peer whose certificate has less than this left gets a new one (RS-002 "Certificate Rotation"). */
const ROTATION_THRESHOLD_MS = 90 * DAY_MS;

export interface PeerCertificate {
  readonly peerCertificate: Certificate;
  /** Ours, which issued it. */
  readonly gatewayCertificate: Certificate;
}

/**
 * Issues a private gateway its next certificate if the one it uses ends soon and
 * the next one would end later.
 *
 * @param current - what the peer signed with
 * @returns null if the peer does not need a new one
 * @throws {BackingUnavailableError}
 */
export async function rotateIfDue(
  current: Certificate,
  { identity, clock }: { readonly identity: Identity; readonly clock: Clock },
): Promise<PeerCertificate | null> {
  const nowMs = clock.now().getTime();
  if (current.notAfter.getTime() - nowMs >= ROTATION_THRESHOLD_MS) {
    return null;
  }
  const gatewayCertificate = await identity.currentCertificate();
  if (gatewayCertificate.notAfter <= current.notAfter) {
    return null;
  }
  const notBeforeMs = nowMs - ISSUANCE_BACKDATING_MS;
  const peerCertificate = await issueGatewayCertificate({
    subjectKey: current.spki,
    issuer: gatewayCertificate,
    issuerKey: identity.publicKeyDer,
    sign: identity.sign,
    notBefore: new Date(Math.max(notBeforeMs, gatewayCertificate.notBefore.getTime())),
    notAfter: new Date(notBeforeMs + MAX_CERTIFICATE_VALIDITY_MS),
  });
  return { peerCertificate, gatewayCertificate };
}
