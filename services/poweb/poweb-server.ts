import type { Log } from '#log/log.ts';
import { DEFAULT_HTTP_LIMITS } from '#runtime/http/http-limits.ts';
import { HttpServer, type HttpServerOptions } from '#runtime/http/http-server.ts';
import type { RequestIds } from '#runtime/http/request-ids.ts';
import type { PassedSockets } from '#runtime/passed-sockets.ts';
import { type PowebParts, registerPowebRoutes } from './poweb-routes.ts';

/** A phone on a slow link may take this long to send a parcel, as long as it never pauses: 8.3 MB at 56 kbit/s. */
export const UPLOAD_TIMEOUT_MS = 1_200_000;

interface PowebServerParts extends Omit<PowebParts, 'preRegistrationsPerSecond'> {
  readonly log: Log;
  readonly passed: PassedSockets;
  /** What names requests; by default none is named by a proxy. */
  readonly requestIds?: RequestIds;
  readonly onAnswered: NonNullable<HttpServerOptions['onAnswered']>;
}

interface PowebServerConfig {
  readonly host: string;
  readonly port: number;
  readonly preRegistrationsPerSecond: number;
  /** Connections besides those of phones that deliver or register, for what else shares the port. */
  readonly otherConnections?: number;
}

/** The HTTP server for phones, which does not listen yet. */
export function createPowebServer(config: PowebServerConfig, parts: PowebServerParts): HttpServer {
  const { host, port, preRegistrationsPerSecond, otherConnections = 0 } = config;
  const { log, clock, passed, onAnswered, requestIds } = parts;
  const maxConnections = DEFAULT_HTTP_LIMITS.maxConnections + otherConnections;
  const limits = { requestTimeoutMs: UPLOAD_TIMEOUT_MS, maxConnections };
  const server = new HttpServer({
    name: 'poweb',
    host,
    port,
    passed,
    log,
    clock,
    limits,
    onAnswered,
    ...(requestIds && { requestIds }),
  });
  registerPowebRoutes(server.app, { ...parts, preRegistrationsPerSecond });
  return server;
}
