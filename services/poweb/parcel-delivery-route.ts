import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { Refusal } from '#awala/errors.ts';
import { MAX_MESSAGE_OCTETS } from '#awala/limits.ts';
import { isEstablished } from '#gateway/identity/established.ts';
import type { HandOver, ParcelIntake } from '#gateway/intake/parcel-intake.ts';
import { logStep } from '#log/steps.ts';
import { logOf } from '#runtime/http/fastify-log.ts';
import { requireMediaType } from '#runtime/http/media-type.ts';
import { PARCEL_ANSWERS } from './answers.ts';
import { clientPatience, patiently } from './client-patience.ts';
import { type CountersignedParts, countersigner } from './countersigned.ts';
import { MEDIA_TYPE } from './media-types.ts';

/** What the route needs. */
export interface ParcelDeliveryParts extends CountersignedParts {
  readonly intake: ParcelIntake;
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
  const { intake, clock, metrics } = parts;
  const answerWithinMs = (headers: IncomingHttpHeaders) => clientPatience(headers).answerWithinMs;
  const options = {
    bodyLimit: MAX_MESSAGE_OCTETS,
    config: { answers: PARCEL_ANSWERS, answerWithinMs },
  };
  server.post<{ Body: Buffer }>('/v1/parcels', options, async (request, reply) => {
    try {
      requireMediaType(request, MEDIA_TYPE.parcel);
      const signer = await countersigner(request, 'parcel-delivery', parts);
      const peer = signer.nodeId;
      const patience = clientPatience(request.headers);
      const accepted = await patiently(patience, parts, (storeWithinMs) => {
        const from: HandOver = {
          privateGateway: peer,
          isEstablished: isEstablished(signer, clock.now()),
          road: 'poweb',
          storeWithinMs,
        };
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
