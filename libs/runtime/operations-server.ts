import type { Clock } from '#clock/clock.ts';
import type { Log } from '#log/log.ts';
import { port, text } from './configuration/variables.ts';
import { UNAVAILABLE } from './http/answers.ts';
import { HttpServer } from './http/http-server.ts';
import type { ProcessMetrics } from './metrics.ts';
import type { PassedSockets } from './passed-sockets.ts';
import type { Readiness } from './readiness.ts';
import type { Release } from './release.ts';

/** Where the operations server listens. */
export const operationsVariables = {
  host: text('OPERATIONS_HOST', {
    meaning:
      'the address that OPERATIONS_PORT listens on, regardless of BIND_HOST; 0.0.0.0 only where strangers cannot reach it',
    default: '127.0.0.1',
  }),
  port: port('OPERATIONS_PORT', {
    meaning: 'the port for health, readiness and metrics; never public',
    default: 9090,
  }),
} as const;

interface OperationsOptions {
  readonly host: string;
  readonly port: number;
  readonly passed?: PassedSockets;
  readonly log: Log;
  readonly clock: Clock;
  /** The service's name. */
  readonly service: string;
  readonly release: Release;
  readonly readiness: Readiness;
  readonly metrics: ProcessMetrics;
  /** What `/status` answers; null where a service has no status of its own. */
  readonly status?: () => Promise<object> | null;
}

/**
 * The server for the platform and operators, on its own port:
 *
 * - `/livez`: 200 while the event loop turns
 * - `/readyz`: 200 if the service and its backing can serve; else 503 with the failing checks
 * - `/servez`: 200 from when the service was first ready until it drains; else 503. For load
 *   balancers
 * - `/metrics`: for Prometheus
 * - `/version`: which release runs
 * - `/status`: what `awala-gateway status` shows, of the gateway in one process
 *
 * It closes last, so that draining can be observed.
 */
export function createOperationsServer(options: OperationsOptions): HttpServer {
  const { host, port, passed, log, clock, service, release, readiness, metrics, status } = options;
  const server = new HttpServer({
    name: 'operations',
    host,
    port,
    ...(passed && { passed }),
    log,
    clock,
    answerLevel: 'debug',
    limits: { maxConnections: 100, maxRequests: 20, maxBodyOctets: 1_024, drainMs: 1_000 },
  });
  server.app.get('/livez', async () => 'ok');
  server.app.get('/readyz', async (_, reply) => {
    const { isReady, isDraining, failing } = await readiness.state();
    if (!isReady) {
      reply.code(UNAVAILABLE.status);
    }
    return { ready: isReady, draining: isDraining, failing };
  });
  server.app.get('/servez', async (_, reply) => {
    const isServing = await readiness.isServing();
    if (!isServing) {
      reply.code(UNAVAILABLE.status);
    }
    return { serving: isServing };
  });
  server.app.get('/metrics', async (_, reply) => {
    const { contentType, text } = await metrics.expose();
    reply.type(contentType);
    return text;
  });
  server.app.get('/version', async () => ({ service, ...release }));
  server.app.get('/status', async (_, reply) => {
    const reported = status?.() ?? null;
    return reported ? await reported : reply.callNotFound();
  });
  return server;
}
