import type { FastifyInstance } from 'fastify';

/**
 * `GET /` and `HEAD /`: 200 with one line that says what this is, for curious people and for apps
 * that test whether their gateway can be reached.
 *
 * @param line - without the line break
 */
export function registerGreetingRoute(server: FastifyInstance, line: string): void {
  server.get('/', async (_request, reply) => {
    reply.type('text/plain; charset=utf-8').header('cache-control', 'no-store');
    return `${line}\n`;
  });
}
