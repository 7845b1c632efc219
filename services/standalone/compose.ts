import { type Clock, systemClock } from '#clock/clock.ts';
import { type Gateway, type GatewayPorts, openGateway } from '#gateway/gateway.ts';
import { OctetBudget } from '#gateway/octet-budget.ts';
import { DEFAULT_COLLECTION_LIMITS } from '#gateway/parcel-collection.ts';
import type { Log } from '#log/log.ts';
import { HttpServer } from '#runtime/http/http-server.ts';
import { ProcessMetrics } from '#runtime/metrics.ts';
import { createOperationsServer } from '#runtime/operations-server.ts';
import { Readiness } from '#runtime/readiness.ts';
import { releaseOf } from '#runtime/release.ts';
import { CollectionServer } from '#services/collection/collection-server.ts';
import { Heartbeat } from '#services/collection/heartbeat.ts';
import { registerParcelRoute } from '#services/pohttp/parcel-route.ts';
import { registerPowebRoutes } from '#services/poweb/poweb-routes.ts';
import type { StandaloneConfig } from './config.ts';
import { openEmbeddedPorts } from './embedded-ports.ts';

/** A phone on a slow link may take this long to send a parcel, as long as it never pauses. */
const UPLOAD_TIMEOUT_MS = 300_000;
const HANDSHAKE_TIMEOUT_MS = 30_000;

/** A gateway that runs, all of it in this process. */
export interface Standalone extends AsyncDisposable {
  readonly gateway: Gateway;
  readonly collection: CollectionServer;
  /** The ports in use, which tell those that the system chose. */
  readonly listening: {
    readonly poweb: number;
    readonly pohttp: number;
    readonly operations: number;
  };
}

/**
 * Opens the backing, wires every service, and listens. What is `given` takes the
 * place of the real thing.
 *
 * @throws {BackingUnavailableError} if the data folder cannot be used
 */
export async function composeStandalone(
  config: StandaloneConfig,
  given: Partial<GatewayPorts> & { readonly log: Log },
): Promise<Standalone> {
  await using opened = new AsyncDisposableStack();
  const clock: Clock = given.clock ?? systemClock;
  const processMetrics = new ProcessMetrics({ service: 'standalone' });
  const metrics = given.metrics ?? processMetrics.gateway;
  const folder = config.dataFolder;
  const backing = opened.use(await openEmbeddedPorts({ folder, clock, log: given.log }));
  const ports: GatewayPorts = { ...backing, clock, metrics, ...given };
  const readiness = readinessOf(ports);
  const operations = opened.use(
    createOperationsServer({
      ...ports,
      ...config.operations,
      host: config.host,
      service: 'standalone',
      release: releaseOf(config.release),
      readiness,
      metrics: processMetrics,
    }),
  );
  const gateway = await openGateway(ports, config.internetAddress);
  await gateway.sessionKeys.initialKey();

  const poweb = opened.use(createServer('poweb', config, ports, processMetrics));
  const { preRegistrationsPerSecond } = config;
  registerPowebRoutes(poweb.app, { ...ports, gateway, preRegistrationsPerSecond });
  const collection = createCollectionServer(config, ports, gateway);
  poweb.app.server.on('upgrade', collection.handleUpgrade);
  opened.defer(() => collection.drain(config.collection.drainSpreadMs));
  const pohttp = opened.use(createServer('pohttp', config, ports, processMetrics));
  registerParcelRoute(pohttp.app, { intake: gateway.intake, metrics });

  opened.defer(() => readiness.drain());
  await Promise.all([poweb.listen(), pohttp.listen(), operations.listen()]);
  const listening = { poweb: poweb.port, pohttp: pohttp.port, operations: operations.port };
  const closing = opened.move();
  return { gateway, collection, listening, [Symbol.asyncDispose]: () => closing.disposeAsync() };
}

function readinessOf({ objects, records, vault, signals, queue, clock }: GatewayPorts): Readiness {
  const backing = { objects, records, vault, signals, queue };
  const checks = Object.entries(backing).map(([name, port]) => [name, () => port.check()] as const);
  return new Readiness({ checks: Object.fromEntries(checks), clock });
}

function createServer(
  name: 'poweb' | 'pohttp',
  config: StandaloneConfig,
  { log, clock }: GatewayPorts,
  processMetrics: ProcessMetrics,
): HttpServer {
  return new HttpServer({
    name,
    host: config.host,
    port: config.ports[name],
    log,
    clock,
    limits: { requestTimeoutMs: UPLOAD_TIMEOUT_MS },
    onAnswered: processMetrics.requestAnswered,
  });
}

function createCollectionServer(
  config: StandaloneConfig,
  ports: GatewayPorts,
  gateway: Gateway,
): CollectionServer {
  const { window, maxCollectors, bufferOctets } = config.collection;
  return new CollectionServer(
    {
      ...ports,
      ...gateway,
      heartbeat: new Heartbeat(ports.clock),
      budget: new OctetBudget(bufferOctets),
    },
    {
      ...DEFAULT_COLLECTION_LIMITS,
      window,
      maxCollectors,
      handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
    },
  );
}
