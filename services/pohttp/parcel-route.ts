import type { FastifyInstance } from 'fastify';
import { Refusal } from '#awala/errors.ts';
import { MAX_MESSAGE_OCTETS } from '#awala/limits.ts';
import type { ParcelIntake } from '#gateway/intake/parcel-intake.ts';
import { logStep } from '#log/steps.ts';
import type { GatewayMetrics } from '#metrics/port.ts';
import { logOf } from '#runtime/http/fastify-log.ts';
import { requireMediaType } from '#runtime/http/media-type.ts';
import { PARCEL_ANSWERS } from './answers.ts';

const PARCEL_MEDIA_TYPE = 'application/vnd.awala.parcel';

/** What the route needs. */
export interface ParcelRouteParts {
  readonly intake: ParcelIntake;
  readonly metrics: GatewayMetrics;
}

/**
 * `POST` to any path: 202 once the parcel is stored durably.
 *
 * @see RS-007 "Parcel Delivery"
 */
export function registerParcelRoute(
  server: FastifyInstance,
  { intake, metrics }: ParcelRouteParts,
): void {
  const options = { bodyLimit: MAX_MESSAGE_OCTETS, config: { answers: PARCEL_ANSWERS } };
  server.post<{ Body: Buffer }>('/*', options, async (request, reply) => {
    try {
      requireMediaType(request, PARCEL_MEDIA_TYPE);
      const { key } = await intake.acceptFromInternet(intake.read(request.body));
      logStep(logOf(request), 'accepted', key, {
        road: 'pohttp',
        octets: request.body.byteLength,
      });
      reply.code(202);
      return '';
    } catch (error) {
      if (error instanceof Refusal) {
        metrics.parcelRefused('pohttp', error.code);
      }
      throw error;
    }
  });
}
