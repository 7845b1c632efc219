import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { parseCountersignature } from '#awala/countersignature.ts';
import { InvalidMessageError, MalformedMessageError, Refusal } from '#awala/errors.ts';
import { MAX_MESSAGE_OCTETS } from '#awala/limits.ts';
import type { MessageVerifier } from '#awala/message-verifier.ts';
import type { Certificate } from '#awala/x509/certificate.ts';
import type { Clock } from '#clock/clock.ts';
import type { Identity } from '#gateway/identity/identity.ts';
import type { RenewalNotes } from '#gateway/identity/renewal-notes.ts';
import type { HandOver, ParcelIntake } from '#gateway/intake/parcel-intake.ts';
import { requireUnblocked } from '#gateway/peers/blocked.ts';
import type { PeerPolicy } from '#gateway/peers/peer-policy.ts';
import { logStep } from '#log/steps.ts';
import type { GatewayMetrics } from '#metrics/port.ts';
import { logOf } from '#runtime/http/fastify-log.ts';
import { requireMediaType } from '#runtime/http/media-type.ts';
import { PARCEL_ANSWERS } from './answers.ts';
import { clientPatience, patiently } from './client-patience.ts';
import { MEDIA_TYPE } from './media-types.ts';

/** What the route needs. */
export interface ParcelDeliveryParts {
  readonly intake: ParcelIntake;
  readonly verifier: MessageVerifier;
  readonly identity: Identity;
  readonly policy: Pick<PeerPolicy, 'blockOf'>;
  readonly renewalNotes: Pick<RenewalNotes, 'met'>;
  readonly clock: Clock;
  readonly metrics: GatewayMetrics;
}

/**
 * `POST /v1/parcels`: 202 once the parcel is stored durably.
 *
 * @see RS-016 "Parcel delivery"
 */
export function registerParcelDeliveryRoute(
  server: FastifyInstance,
  parts: ParcelDeliveryParts,
): void {
  const { intake, policy, renewalNotes, metrics } = parts;
  const answerWithinMs = (headers: IncomingHttpHeaders) => clientPatience(headers).answerWithinMs;
  const options = {
    bodyLimit: MAX_MESSAGE_OCTETS,
    config: { answers: PARCEL_ANSWERS, answerWithinMs },
  };
  server.post<{ Body: Buffer }>('/v1/parcels', options, async (request, reply) => {
    try {
      requireMediaType(request, MEDIA_TYPE.parcel);
      const { authorization } = request.headers;
      const signer = await authenticate(authorization, request.body, parts);
      const peer = signer.nodeId;
      request.peer = peer;
      requireUnblocked(peer, policy);
      renewalNotes.met(signer);
      metrics.phoneSeen(peer);
      const patience = clientPatience(request.headers);
      const accepted = await patiently(patience, parts, (storeWithinMs) => {
        const from: HandOver = { privateGateway: peer, road: 'poweb', storeWithinMs };
        return intake.acceptFromPrivateGateway(intake.read(request.body), from);
      });
      logStep(logOf(request), 'accepted', accepted.key, {
        road: 'poweb',
        octets: request.body.byteLength,
        ...(accepted.isDuplicate && { duplicate: true }),
        peer,
      });
      reply.code(202);
      return '';
    } catch (error) {
      if (error instanceof Refusal) {
        metrics.parcelRefused('poweb', error.code);
      }
      throw error;
    }
  });
}

/**
 * @returns the certificate of the private gateway that countersigned the parcel
 * @throws {Refusal} `countersignature-malformed`, `countersignature-invalid`
 */
async function authenticate(
  authorization: string | undefined,
  body: Uint8Array,
  { identity, verifier, clock }: ParcelDeliveryParts,
): Promise<Certificate> {
  const countersignature = parseCountersignature(authorization);
  if (!countersignature) {
    throw new Refusal('countersignature-malformed', 'The countersignature is missing or malformed');
  }
  const anchors = await identity.trustedCertificates();
  try {
    const options = { at: clock.now(), anchors };
    return verifier.verifyDetached(countersignature, body, 'parcel-delivery', options);
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
