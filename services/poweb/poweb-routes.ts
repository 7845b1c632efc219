import type { FastifyInstance } from 'fastify';
import type { Clock } from '#clock/clock.ts';
import type { Gateway } from '#gateway/gateway.ts';
import type { GatewayMetrics } from '#metrics/port.ts';
import { registerGreetingRoute } from '#runtime/http/greeting-route.ts';
import { registerConnectionParametersRoute } from './connection-parameters-route.ts';
import { registerParcelDeliveryRoute } from './parcel-delivery-route.ts';
import { RateLimit } from './rate-limit.ts';
import { registerRegistrationRoutes } from './registration-routes.ts';

export interface PowebParts {
  readonly gateway: Gateway;
  readonly clock: Clock;
  readonly metrics: GatewayMetrics;
  readonly preRegistrationsPerSecond: number;
}

/** PoWeb over HTTP (RS-016): all but the collection of parcels. */
export function registerPowebRoutes(server: FastifyInstance, parts: PowebParts): void {
  const { gateway, clock, metrics, preRegistrationsPerSecond } = parts;
  const preRegistrationLimit = new RateLimit(preRegistrationsPerSecond, clock);
  registerGreetingRoute(server, 'Awala Internet gateway: PoWeb, for private gateways');
  registerConnectionParametersRoute(server, gateway);
  registerRegistrationRoutes(server, { ...gateway, preRegistrationLimit });
  registerParcelDeliveryRoute(server, { ...gateway, clock, metrics });
}
