import type { ProcessParts } from '#composition/process-parts.ts';
import { HttpServer } from '#runtime/http/http-server.ts';

/** Few come here: browsers, and certificate authorities. */
const LIMITS = {
  maxConnections: 1_000,
  maxRequests: 100,
  maxBodyOctets: 1_024,
  keepAliveMs: 5_000,
  drainMs: 1_000,
};

interface RedirectServerConfig {
  readonly host: string;
  readonly port: number;
  /** The host to send clients to. */
  readonly name: string;
}

/** The server without TLS, which sends everybody to the one with; not listening yet. */
export function createRedirectServer(
  { host, port, name }: RedirectServerConfig,
  parts: ProcessParts,
): HttpServer {
  const server = new HttpServer({
    ...parts,
    name: 'http',
    host,
    port,
    limits: LIMITS,
    answerLevel: 'debug',
    onAnswered: parts.processMetrics.requestAnswered,
  });
  server.app.all('/*', async (request, reply) => {
    // By its name alone, as a browser that is sent to whatever host it asked for could be misled.
    reply.redirect(`https://${name}${request.url}`, 308);
    return reply;
  });
  return server;
}
