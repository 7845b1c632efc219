import type { FastifyInstance } from 'fastify';
import { FairRate } from '#bounds/fair-rate.ts';
import type { ProcessParts } from '#composition/process-parts.ts';
import { registerGreetingRoute } from '#runtime/http/greeting-route.ts';
import { HttpServer } from '#runtime/http/http-server.ts';
import type { RequestIds } from '#runtime/http/request-ids.ts';
import {
  type ConnectionParametersParts,
  registerConnectionParametersRoute,
} from './connection-parameters-route.ts';
import {
  type DeauthorisationParts,
  registerDeauthorisationRoute,
} from './deauthorisation-route.ts';
import { type ParcelDeliveryParts, registerParcelDeliveryRoute } from './parcel-delivery-route.ts';
import { type RegistrationRouteParts, registerRegistrationRoutes } from './registration-routes.ts';

/**
 * How long a phone on a slow link may take to send a parcel without pausing: 8.3 MB at 56 kbit/s.
 */
export const UPLOAD_TIMEOUT_MS = 1_200_000;

interface PowebServerConfig {
  readonly host: string;
  readonly port: number;
  readonly preRegistrationsPerSecond: number;
  readonly maxConnections: number;
}

/** The HTTP server for phones, which does not listen yet. */
export function createPowebServer(
  { host, port, preRegistrationsPerSecond, maxConnections }: PowebServerConfig,
  parts: ProcessParts & PowebRouteParts & { readonly requestIds: RequestIds },
): HttpServer {
  const server = new HttpServer({
    ...parts,
    name: 'poweb',
    host,
    port,
    limits: { requestTimeoutMs: UPLOAD_TIMEOUT_MS, maxConnections },
    onOverShare: (what) => parts.metrics.overShare(what, 'network'),
    onAnswered: parts.processMetrics.requestAnswered,
  });
  registerPowebRoutes(server.app, parts, preRegistrationsPerSecond);
  return server;
}

type PowebRouteParts = ConnectionParametersParts &
  ParcelDeliveryParts &
  DeauthorisationParts &
  Omit<RegistrationRouteParts, 'preRegistrationRate'>;

/** PoWeb over HTTP (RS-016): all but the collection of parcels. */
export function registerPowebRoutes(
  server: FastifyInstance,
  parts: PowebRouteParts,
  preRegistrationsPerSecond: number,
): void {
  const preRegistrationRate = new FairRate(preRegistrationsPerSecond, parts.clock);
  registerGreetingRoute(server, 'Awala Internet gateway: PoWeb, for private gateways');
  registerConnectionParametersRoute(server, parts);
  registerRegistrationRoutes(server, { ...parts, preRegistrationRate });
  registerParcelDeliveryRoute(server, parts);
  registerDeauthorisationRoute(server, parts);
}
