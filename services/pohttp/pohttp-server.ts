import type { ProcessParts } from '#composition/process-parts.ts';
import { registerGreetingRoute } from '#runtime/http/greeting-route.ts';
import { HttpServer } from '#runtime/http/http-server.ts';
import type { RequestIds } from '#runtime/http/request-ids.ts';
import { type ParcelRouteParts, registerParcelRoute } from './parcel-route.ts';

/** How long an app on a slow link may take to send a parcel without pausing. */
const UPLOAD_TIMEOUT_MS = 300_000;

interface PohttpServerConfig {
  readonly host: string;
  readonly port: number;
}

/** Creates the HTTP server for Internet apps, not listening yet. */
export function createPohttpServer(
  { host, port }: PohttpServerConfig,
  parts: ProcessParts & ParcelRouteParts & { readonly requestIds: RequestIds },
): HttpServer {
  const server = new HttpServer({
    ...parts,
    name: 'pohttp',
    host,
    port,
    limits: { requestTimeoutMs: UPLOAD_TIMEOUT_MS },
    onAnswered: parts.processMetrics.requestAnswered,
  });
  registerGreetingRoute(server.app, 'Awala Internet gateway: PoHTTP, for Internet apps');
  registerParcelRoute(server.app, parts);
  return server;
}
