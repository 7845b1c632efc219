import type { FastifyInstance } from 'fastify';
import type { ProcessParts } from '#composition/process-parts.ts';
import { registerGreetingRoute } from '#runtime/http/greeting-route.ts';
import { DEFAULT_HTTP_LIMITS } from '#runtime/http/http-limits.ts';
import { HttpServer } from '#runtime/http/http-server.ts';
import type { RequestIds } from '#runtime/http/request-ids.ts';
import {
  type ConnectionParametersParts,
  registerConnectionParametersRoute,
} from './connection-parameters-route.ts';
import { type ParcelDeliveryParts, registerParcelDeliveryRoute } from './parcel-delivery-route.ts';
import { RateLimit } from './rate-limit.ts';
import { type RegistrationRouteParts, registerRegistrationRoutes } from './registration-routes.ts';

/**
 * How long a phone on a slow link may take to send a parcel without pausing: 8.3 MB at 56 kbit/s.
 */
export const UPLOAD_TIMEOUT_MS = 1_200_000;

interface PowebServerConfig {
  readonly host: string;
  readonly port: number;
  readonly preRegistrationsPerSecond: number;
  /** Connections besides those of phones that deliver or register, for others on the same port. */
  readonly otherConnections?: number;
}

/** The HTTP server for phones, which does not listen yet. */
export function createPowebServer(
  { host, port, preRegistrationsPerSecond, otherConnections = 0 }: PowebServerConfig,
  parts: ProcessParts & PowebRouteParts & { readonly requestIds: RequestIds },
): HttpServer {
  const maxConnections = DEFAULT_HTTP_LIMITS.maxConnections + otherConnections;
  const server = new HttpServer({
    ...parts,
    name: 'poweb',
    host,
    port,
    limits: { requestTimeoutMs: UPLOAD_TIMEOUT_MS, maxConnections },
    onAnswered: parts.processMetrics.requestAnswered,
  });
  registerPowebRoutes(server.app, parts, preRegistrationsPerSecond);
  return server;
}

type PowebRouteParts = ConnectionParametersParts &
  ParcelDeliveryParts &
  Omit<RegistrationRouteParts, 'preRegistrationLimit'>;

/** PoWeb over HTTP (RS-016): all but the collection of parcels. */
export function registerPowebRoutes(
  server: FastifyInstance,
  parts: PowebRouteParts,
  preRegistrationsPerSecond: number,
): void {
  const preRegistrationLimit = new RateLimit(preRegistrationsPerSecond, parts.clock);
  registerGreetingRoute(server, 'Awala Internet gateway: PoWeb, for private gateways');
  registerConnectionParametersRoute(server, parts);
  registerRegistrationRoutes(server, { ...parts, preRegistrationLimit });
  registerParcelDeliveryRoute(server, parts);
}
