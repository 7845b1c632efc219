import type { FastifyInstance } from 'fastify';
import { registerGreetingRoute } from '#runtime/http/greeting-route.ts';
import {
  type ConnectionParametersParts,
  registerConnectionParametersRoute,
} from './connection-parameters-route.ts';
import { type ParcelDeliveryParts, registerParcelDeliveryRoute } from './parcel-delivery-route.ts';
import { RateLimit } from './rate-limit.ts';
import { type RegistrationRouteParts, registerRegistrationRoutes } from './registration-routes.ts';

/** What the routes of PoWeb need. */
export type PowebRouteParts = ConnectionParametersParts &
  ParcelDeliveryParts &
  Omit<RegistrationRouteParts, 'preRegistrationLimit'>;

/** PoWeb over HTTP (RS-016), except for parcel collection. */
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
