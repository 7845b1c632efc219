import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { COUNTERSIGNATURE_CHALLENGE, parseCountersignature } from '#awala/countersignature.ts';
import { InvalidMessageError, MalformedMessageError } from '#awala/errors.ts';
import { MAX_MESSAGE_OCTETS } from '#awala/limits.ts';
import type { MessageVerifier } from '#awala/message-verifier.ts';
import type { NodeId } from '#awala/node-id.ts';
import type { Clock } from '#clock/clock.ts';
import type { Identity } from '#gateway/identity/identity.ts';
import type { AcceptedParcel, ParcelIntake } from '#gateway/intake/parcel-intake.ts';
import { logStep } from '#log/steps.ts';
import type { GatewayMetrics } from '#metrics/port.ts';
import { logOf } from '#runtime/http/fastify-log.ts';
import { Refusal, requireMediaType } from '#runtime/http/refusal.ts';
import { clientPatience, patiently } from './client-patience.ts';
import { MEDIA_TYPE } from './media-types.ts';

interface ParcelDeliveryParts {
  readonly intake: ParcelIntake;
  readonly verifier: MessageVerifier;
  readonly identity: Identity;
  readonly clock: Clock;
  readonly metrics: GatewayMetrics;
}

/**
 * `POST /v1/parcels`: 202 once the parcel is stored durably; 401, with the schemes
 * that are taken, if the countersignature is missing or malformed, 403 if it does
 * not verify; 422 if a phone of ours brings what can never be taken, be it
 * malformed, invalid or too large.
 *
 * Deployed phones delete a parcel after 202 and 422 only, and anything else leaves
 * it at the head of their queue: so 422 is for what is the fault of the parcel, and for nothing else.
 *
 * @see RS-016 "Parcel delivery", docs/decisions/answers-to-phones.md
 */
export function registerParcelDeliveryRoute(
  server: FastifyInstance,
  parts: ParcelDeliveryParts,
): void {
  const answerWithinMs = (headers: IncomingHttpHeaders) => clientPatience(headers).answerWithinMs;
  const options = {
    bodyLimit: MAX_MESSAGE_OCTETS,
    config: { tooLargeStatus: 422, answerWithinMs },
  };
  server.post<{ Body: Buffer }>('/v1/parcels', options, async (request, reply) => {
    try {
      requireMediaType(request, MEDIA_TYPE.parcel);
      const { authorization } = request.headers;
      const peer = await authenticate(authorization, request.body, parts);
      request.peer = peer;
      const patience = clientPatience(request.headers);
      const accepted = await patiently(patience, parts, (storeWithinMs) =>
        accept(request.body, { peer, storeWithinMs }, parts),
      );
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
        parts.metrics.parcelRefused('poweb', error.reason);
        if (error.statusCode === 401) {
          reply.header('www-authenticate', COUNTERSIGNATURE_CHALLENGE);
        }
      }
      throw error;
    }
  });
}

/** @returns the private gateway that countersigned the parcel */
async function authenticate(
  authorization: string | undefined,
  body: Uint8Array,
  { identity, verifier, clock }: ParcelDeliveryParts,
): Promise<NodeId> {
  const countersignature = parseCountersignature(authorization);
  if (!countersignature) {
    throw new Refusal(
      401,
      'The countersignature is missing or malformed',
      'countersignature-malformed',
    );
  }
  const anchors = await identity.trustedCertificates();
  try {
    const options = { at: clock.now(), anchors };
    return verifier.verifyDetached(countersignature, body, 'parcel-delivery', options).nodeId;
  } catch (error) {
    if (error instanceof MalformedMessageError) {
      throw new Refusal(401, 'The countersignature is malformed', 'countersignature-malformed');
    }
    if (error instanceof InvalidMessageError) {
      throw new Refusal(403, error.message, 'countersignature-invalid');
    }
    throw error;
  }
}

async function accept(
  body: Uint8Array,
  { peer: privateGateway, storeWithinMs }: { peer: NodeId; storeWithinMs: number },
  { intake }: ParcelDeliveryParts,
): Promise<AcceptedParcel> {
  try {
    const courier = { privateGateway, road: 'poweb', storeWithinMs } as const;
    return await intake.acceptFromPrivateGateway(intake.read(body), courier);
  } catch (error) {
    if (error instanceof MalformedMessageError) {
      throw new Refusal(422, error.message, 'malformed');
    }
    if (error instanceof InvalidMessageError) {
      throw new Refusal(422, error.message, error.reason);
    }
    throw error;
  }
}
