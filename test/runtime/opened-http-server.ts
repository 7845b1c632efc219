import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Clock, systemClock } from '#clock/clock.ts';
import { type Log, silentLog } from '#log/log.ts';
import type { HttpLimits } from '#runtime/http/http-limits.ts';
import { HttpServer } from '#runtime/http/http-server.ts';
import type { RequestIds } from '#runtime/http/request-ids.ts';
import type { AnsweredRequest } from '#runtime/metrics.ts';

interface Setup {
  readonly limits?: Partial<HttpLimits>;
  readonly clock?: Clock;
  readonly log?: Log;
  readonly requestIds?: RequestIds;
  readonly onOverShare?: (what: 'connections' | 'requests' | 'memory') => void;
  readonly onAnswered?: (server: string, request: AnsweredRequest) => void;
  readonly routes?: (app: HttpServer['app']) => void;
}

/** A server that echoes bodies, and has whatever other routes a test wants. */
export async function openServer({ routes, ...setup }: Setup = {}): Promise<HttpServer> {
  const server = new HttpServer({
    name: 'test',
    host: '127.0.0.1',
    port: 0,
    log: silentLog,
    clock: systemClock,
    ...setup,
  });
  server.app.post('/echo', async (request) => request.body);
  server.app.get('/hello', async () => 'hello');
  routes?.(server.app);
  await server.listen();
  return server;
}

export function urlOf(server: HttpServer, path: string): string {
  return `http://127.0.0.1:${server.port}${path}`;
}

export async function connectTo(server: { readonly port: number }): Promise<Socket> {
  const socket = connect(server.port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Sends `request` as it is and gives all that comes until the connection is closed. */
export async function exchange(server: HttpServer, request: string): Promise<string> {
  const socket = await connectTo(server);
  socket.write(request);
  return text(socket);
}

/** A route that answers only when the test says so. */
export function gatedRoute() {
  const arrived = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<string>();
  const routes = (app: HttpServer['app']) => {
    app.post('/gated', async () => {
      arrived.resolve();
      return gate.promise;
    });
  };
  return { routes, arrived: arrived.promise, open: gate.resolve, fail: gate.reject };
}
