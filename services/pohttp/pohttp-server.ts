import type { ProcessParts } from '#composition/process-parts.ts';
import { registerGreetingRoute } from '#runtime/http/greeting-route.ts';
import { HttpServer } from '#runtime/http/http-server.ts';
import type { RequestIds } from '#runtime/http/request-ids.ts';
import { type ParcelRouteParts, registerParcelRoute } from './parcel-route.ts';

/** An app on a slow link may take this long to send a parcel, as long as it never pauses. */
const UPLOAD_TIMEOUT_MS = 300_000;

interface PohttpServerConfig {
  readonly host: string;
  readonly port: number;
}

/** The HTTP server for Internet apps, which does not listen yet. */
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
