import type { FastifyInstance } from 'fastify';
import { Refusal } from '#awala/errors.ts';
import { MAX_MESSAGE_OCTETS } from '#awala/limits.ts';
import type { ProcessParts } from '#composition/process-parts.ts';
import type { ParcelIntake } from '#gateway/intake/parcel-intake.ts';
import { logStep } from '#log/steps.ts';
import type { GatewayMetrics } from '#metrics/port.ts';
import { logOf } from '#runtime/http/fastify-log.ts';
import { registerGreetingRoute } from '#runtime/http/greeting-route.ts';
import { HttpServer } from '#runtime/http/http-server.ts';
import { requireMediaType } from '#runtime/http/media-type.ts';
import type { RequestIds } from '#runtime/http/request-ids.ts';
import { PARCEL_ANSWERS } from './answers.ts';

/** How long an app on a slow link may take to send a parcel without pausing. */
const UPLOAD_TIMEOUT_MS = 300_000;

interface PohttpServerConfig {
  readonly host: string;
  readonly port: number;
  readonly maxConnections: number;
}

/** Creates the HTTP server for Internet apps, not listening yet. */
export function createPohttpServer(
  { host, port, maxConnections }: PohttpServerConfig,
  parts: ProcessParts & ParcelRouteParts & { readonly requestIds: RequestIds },
): HttpServer {
  const server = new HttpServer({
    ...parts,
    name: 'pohttp',
    host,
    port,
    limits: { requestTimeoutMs: UPLOAD_TIMEOUT_MS, maxConnections },
    onOverShare: (what) => parts.metrics.overShare(what, 'network'),
    onAnswered: parts.processMetrics.requestAnswered,
  });
  registerGreetingRoute(server.app, 'Awala Internet gateway: PoHTTP, for Internet apps');
  registerParcelRoute(server.app, parts);
  return server;
}

const PARCEL_MEDIA_TYPE = 'application/vnd.awala.parcel';

/** What the route needs. */
interface ParcelRouteParts {
  readonly intake: ParcelIntake;
  readonly metrics: GatewayMetrics;
}

/**
 * `POST` to any path: 202 once the parcel is stored durably.
 *
 * @see RS-007 "Parcel Delivery"
 */
function registerParcelRoute(server: FastifyInstance, { intake, metrics }: ParcelRouteParts): void {
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
