import type { FastifyInstance } from 'fastify';
import { InvalidMessageError, MalformedMessageError } from '#awala/errors.ts';
import { MAX_MESSAGE_OCTETS } from '#awala/limits.ts';
import type { AcceptedParcel, ParcelIntake } from '#gateway/intake/parcel-intake.ts';
import { logStep } from '#log/steps.ts';
import type { GatewayMetrics } from '#metrics/port.ts';
import { logOf } from '#runtime/http/fastify-log.ts';
import { Refusal, requireMediaType } from '#runtime/http/refusal.ts';

const PARCEL_MEDIA_TYPE = 'application/vnd.awala.parcel';

export interface ParcelRouteParts {
  readonly intake: ParcelIntake;
  readonly metrics: GatewayMetrics;
}

/**
 * `POST` to any path: 202 once the parcel is stored durably; 400 if it is
 * malformed, 403 if it must be refused, 503 while its sender's authorisation allows
 * no more, 415 if it is not sent as a parcel.
 *
 * @see RS-007 "Parcel Delivery"
 */
export function registerParcelRoute(
  server: FastifyInstance,
  { intake, metrics }: ParcelRouteParts,
): void {
  const options = { bodyLimit: MAX_MESSAGE_OCTETS };
  server.post<{ Body: Buffer }>('/*', options, async (request, reply) => {
    try {
      requireMediaType(request, PARCEL_MEDIA_TYPE);
      const accepted = await accept(request.body, intake);
      const { key } = accepted;
      logStep(logOf(request), 'accepted', key, {
        road: 'pohttp',
        octets: request.body.byteLength,
      });
      reply.code(202);
      return '';
    } catch (error) {
      if (error instanceof Refusal) {
        metrics.parcelRefused('pohttp', error.reason);
      }
      throw error;
    }
  });
}

async function accept(body: Uint8Array, intake: ParcelIntake): Promise<AcceptedParcel> {
  try {
    return await intake.acceptFromInternet(intake.read(body));
  } catch (error) {
    if (error instanceof MalformedMessageError) {
      throw new Refusal(400, error.message, 'malformed');
    }
    if (error instanceof InvalidMessageError && error.reason === 'rate-limit') {
      // Senders give up after 4xx, and this one may come later.
      throw new Refusal(503, error.message, error.reason);
    }
    if (error instanceof InvalidMessageError) {
      throw new Refusal(403, error.message, error.reason);
    }
    throw error;
  }
}
