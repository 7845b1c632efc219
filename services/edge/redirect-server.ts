import { Refusal } from '#awala/errors.ts';
import type { ProcessParts } from '#composition/process-parts.ts';
import { HttpServer } from '#runtime/http/http-server.ts';
import type { ChallengeAnswers } from './challenge-answers.ts';

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

/**
 * The server without TLS, which answers certificate authorities, and sends everybody else to the
 * server with TLS. It does not listen yet.
 */
export function createRedirectServer(
  { host, port, name }: RedirectServerConfig,
  answers: ChallengeAnswers,
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
  server.app.get<{ Params: { token: string } }>(
    '/.well-known/acme-challenge/:token',
    async ({ params }, reply) => {
      const answer = answers.get(params.token);
      if (answer === undefined) {
        throw new Refusal('not-found', 'There is nothing here');
      }
      return reply.type('application/octet-stream').send(answer);
    },
  );
  server.app.all('/*', async (request, reply) => {
    // By its name alone, as a browser that is sent to whatever host it asked for could be misled.
    reply.redirect(`https://${name}${pathOf(request.url)}`, 308);
    return reply;
  });
  return server;
}

/** Of a request's target, which may also be a URL, as for a proxy, or `*` (RFC 9112, section 3.2). */
function pathOf(target: string): string {
  const path = target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i, '');
  return path.startsWith('/') ? path : '/';
}
