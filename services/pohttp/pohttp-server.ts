import type { Clock } from '#clock/clock.ts';
import type { Log } from '#log/log.ts';
import { registerGreetingRoute } from '#runtime/http/greeting-route.ts';
import { HttpServer, type HttpServerOptions } from '#runtime/http/http-server.ts';
import type { RequestIds } from '#runtime/http/request-ids.ts';
import type { PassedSockets } from '#runtime/passed-sockets.ts';
import { type ParcelRouteParts, registerParcelRoute } from './parcel-route.ts';

/** An app on a slow link may take this long to send a parcel, as long as it never pauses. */
const UPLOAD_TIMEOUT_MS = 300_000;

interface PohttpServerParts extends ParcelRouteParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly passed: PassedSockets;
  /** What names requests; by default none is named by a proxy. */
  readonly requestIds?: RequestIds;
  readonly onAnswered: NonNullable<HttpServerOptions['onAnswered']>;
}

interface PohttpServerConfig {
  readonly host: string;
  readonly port: number;
}

/** The HTTP server for Internet apps, which does not listen yet. */
export function createPohttpServer(
  { host, port }: PohttpServerConfig,
  parts: PohttpServerParts,
): HttpServer {
  const { log, clock, passed, onAnswered, requestIds } = parts;
  const limits = { requestTimeoutMs: UPLOAD_TIMEOUT_MS };
  const server = new HttpServer({
    name: 'pohttp',
    host,
    port,
    passed,
    log,
    clock,
    limits,
    onAnswered,
    ...(requestIds && { requestIds }),
  });
  registerGreetingRoute(server.app, 'Awala Internet gateway: PoHTTP, for Internet apps');
  registerParcelRoute(server.app, parts);
  return server;
}
