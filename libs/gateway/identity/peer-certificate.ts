import { MAX_LIFE_MS } from '#awala/limits.ts';
import type { Certificate } from '#awala/x509/certificate.ts';
import { issueGatewayCertificate } from '#awala/x509/issuance.ts';
import type { Clock } from '#clock/clock.ts';
import { isEstablished } from './established.ts';
import { type Identity, ISSUANCE_BACKDATING_MS } from './identity.ts';

/** A peer whose certificate has less than this left gets a new one (RS-002 "Certificate Rotation"). */
export const ROTATION_THRESHOLD_MS = MAX_LIFE_MS / 2;

interface PeerCertificate {
  readonly peerCertificate: Certificate;
  /** Ours, which issued it. */
  readonly gatewayCertificate: Certificate;
}

interface Issuer {
  readonly identity: Identity;
  readonly clock: Clock;
}

/**
 * Issues a private gateway's certificate, under our certificate that expires last.
 *
 * @param subject.key - DER SubjectPublicKeyInfo
 * @param subject.isEstablished - whether the new certificate should say so from its first day
 * @throws {MalformedMessageError} if the key is not DER throughout
 * @throws {BackingUnavailableError}
 */
export async function issueToPeer(
  subject: { readonly key: Uint8Array; readonly isEstablished: boolean },
  { identity, clock }: Issuer,
): Promise<PeerCertificate> {
  const gatewayCertificate = await identity.currentCertificate();
  const notBeforeMs = clock.now().getTime() - ISSUANCE_BACKDATING_MS;
  const peerCertificate = await issueGatewayCertificate({
    subjectKey: subject.key,
    isOfEstablished: subject.isEstablished,
    issuer: gatewayCertificate,
    issuerKey: identity.publicKeyDer,
    sign: identity.sign,
    notBefore: new Date(Math.max(notBeforeMs, gatewayCertificate.notBefore.getTime())),
    notAfter: new Date(notBeforeMs + MAX_LIFE_MS),
  });
  return { peerCertificate, gatewayCertificate };
}

/**
 * Issues a private gateway's next certificate if its current one ends soon and the next would end
 * later.
 *
 * @param current - what the peer signed with
 * @returns null if the peer needs no new one
 * @throws {BackingUnavailableError}
 */
export async function rotateIfDue(
  current: Certificate,
  issuer: Issuer,
): Promise<PeerCertificate | null> {
  const now = issuer.clock.now();
  const leftMs = current.notAfter.getTime() - now.getTime();
  if (leftMs >= ROTATION_THRESHOLD_MS) {
    return null;
  }
  const { notAfter } = await issuer.identity.currentCertificate();
  const subject = { key: current.spki, isEstablished: isEstablished(current, now) };
  return notAfter > current.notAfter ? issueToPeer(subject, issuer) : null;
}
