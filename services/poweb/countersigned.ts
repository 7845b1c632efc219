import type { FastifyRequest } from 'fastify';
import type { SignaturePurpose } from '#awala/cms/signature-purpose.ts';
import { parseCountersignature } from '#awala/countersignature.ts';
import { InvalidMessageError, MalformedMessageError, Refusal } from '#awala/errors.ts';
import type { MessageVerifier } from '#awala/message-verifier.ts';
import type { Certificate } from '#awala/x509/certificate.ts';
import type { Clock } from '#clock/clock.ts';
import type { Identity } from '#gateway/identity/identity.ts';
import type { RenewalNotes } from '#gateway/identity/renewal-notes.ts';
import type { Withdrawals } from '#gateway/identity/withdrawals.ts';
import { requireUnblocked } from '#gateway/peers/blocked.ts';
import type { PeerPolicy } from '#gateway/peers/peer-policy.ts';
import type { GatewayMetrics } from '#metrics/port.ts';

/** What {@link countersigner} needs. */
export interface CountersignedParts {
  readonly verifier: MessageVerifier;
  readonly identity: Identity;
  readonly policy: Pick<PeerPolicy, 'blockOf'>;
  readonly renewalNotes: Pick<RenewalNotes, 'met'>;
  /** Null where nothing can be withdrawn. */
  readonly withdrawals: Withdrawals | null;
  readonly clock: Clock;
  readonly metrics: GatewayMetrics;
}

/**
 * The certificate of the private gateway that countersigned the body of a request, which is then the
 * request's peer, and is noted as met.
 *
 * @throws {Refusal} `countersignature-malformed`, `countersignature-invalid`, `peer-blocked`
 * @throws {BackingUnavailableError}
 */
export async function countersigner(
  request: FastifyRequest<{ Body: Buffer }>,
  purpose: SignaturePurpose,
  parts: CountersignedParts,
): Promise<Certificate> {
  const signer = await authenticate(request, purpose, parts);
  const peer = signer.nodeId;
  request.peer = peer;
  requireUnblocked(peer, parts.policy);
  parts.renewalNotes.met(signer);
  parts.metrics.phoneSeen(peer);
  return signer;
}

async function authenticate(
  { headers, body }: FastifyRequest<{ Body: Buffer }>,
  purpose: SignaturePurpose,
  { identity, verifier, withdrawals, clock }: CountersignedParts,
): Promise<Certificate> {
  const countersignature = parseCountersignature(headers.authorization);
  if (!countersignature) {
    throw new Refusal('countersignature-malformed', 'The countersignature is missing or malformed');
  }
  const anchors = await identity.trustedCertificates();
  try {
    const options = { at: clock.now(), anchors };
    const signer = verifier.verifyDetached(countersignature, body, purpose, options);
    await withdrawals?.requireUnrevoked(signer);
    return signer;
  } catch (error) {
    if (error instanceof MalformedMessageError) {
      throw new Refusal('countersignature-malformed', 'The countersignature is malformed');
    }
    if (error instanceof InvalidMessageError) {
      throw new Refusal('countersignature-invalid', error.message);
    }
    throw error;
  }
}
