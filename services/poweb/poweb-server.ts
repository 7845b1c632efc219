import type { ProcessParts } from '#composition/process-parts.ts';
import { DEFAULT_HTTP_LIMITS } from '#runtime/http/http-limits.ts';
import { HttpServer } from '#runtime/http/http-server.ts';
import type { RequestIds } from '#runtime/http/request-ids.ts';
import { type PowebRouteParts, registerPowebRoutes } from './poweb-routes.ts';

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
