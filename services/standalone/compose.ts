import { watchClock } from '#composition/clock-watch.ts';
import { LatestTime } from '#composition/latest-time.ts';
import { checksOf } from '#composition/needs.ts';
import { Operations } from '#composition/operations.ts';
import { type BackedPorts, PortOpener } from '#composition/port-opener.ts';
import { type GivenParts, processParts } from '#composition/process-parts.ts';
import { type Gateway, openGateway } from '#gateway/gateway.ts';
import { RequestIds } from '#runtime/http/request-ids.ts';
import type { ProcessMetrics } from '#runtime/metrics.ts';
import { createCogrpcServer, whereToListen } from '#services/cogrpc/compose.ts';
import { registerCollectionRoute } from '#services/collection/collection-route.ts';
import type { CollectionServer } from '#services/collection/collection-server.ts';
import {
  createCollectionServer,
  observeCollectors,
} from '#services/collection/create-collection-server.ts';
import { createPohttpServer } from '#services/pohttp/pohttp-server.ts';
import { createPowebServer } from '#services/poweb/poweb-server.ts';
import { startWorkersOf } from '#services/workers/compose.ts';
import { observeWork } from '#services/workers/work-metrics.ts';
import type { StandaloneConfig } from './config.ts';

/** The ports in use, which tell those that the system chose. */
interface Listening {
  /** PoWeb, and collection. */
  readonly poweb: number;
  readonly pohttp: number;
  readonly cogrpc: number;
  readonly operations: number;
}

/** What requests to PoWeb get to end in, however long others took. */
const LEAST_FOR_REQUESTS_MS = 2_000;

/** A gateway that runs, all of it in this process. */
export interface Standalone extends AsyncDisposable {
  readonly gateway: Gateway;
  readonly collection: CollectionServer;
  readonly listening: Listening;
}

/**
 * Opens the backing, wires every service, and listens; disposing of it drains.
 * What is `given` takes the place of the real thing, and stays open.
 *
 * @throws {BackingUnavailableError} if the data folder cannot be used
 */
export async function composeStandalone(
  config: StandaloneConfig,
  given: GivenParts & Partial<BackedPorts>,
): Promise<Standalone> {
  await using opened = new AsyncDisposableStack();
  const parts = processParts('standalone', given);
  const backing = opened.use(new PortOpener(parts));
  const ports = { ...parts, ...(await backing.all(config, given)) };
  const operations = opened.use(
    await Operations.open(parts, config, checksOf('standalone', ports)),
  );
  const latestTime = config.recordStore.kind === 'sqlite' ? new LatestTime(ports) : undefined;
  opened.use(await watchClock(parts, config, latestTime));
  const gateway = await openGateway(ports, config.internetAddress, {
    recordsEveryParcel: config.recordStore.kind === 'sqlite',
    acceptsPublishedKey: config.acceptsPublishedKey,
  });
  await gateway.sessionKeys.prepare();
  operations.alsoCheck('identity', () => gateway.identity.trustedCertificates());

  const { host } = config;
  const requestIds = new RequestIds(config.requests);
  const onAnswered = parts.processMetrics.requestAnswered;
  const http = { ...parts, gateway, requestIds, onAnswered };
  const { maxCollectors, maxWaiting } = config.collection;
  const otherConnections = maxCollectors + maxWaiting;
  const poweb = opened.use(createPowebServer({ ...config.poweb, host, otherConnections }, http));
  const collection = createCollectionServer(config.collection, {
    ...parts,
    ...gateway,
    requestIds,
  });
  registerCollectionRoute(poweb.app);
  poweb.app.server.on('upgrade', collection.handleUpgrade);
  const pohttp = createPohttpServer({ ...config.pohttp, host }, { ...http, ...gateway });
  const cogrpc = createCogrpcServer(ports, gateway, config.cogrpc, requestIds);
  const workers = startWorkersOf(gateway, ports, config.workers);
  if (config.objectStore.kind === 'filesystem') {
    observeDisk(parts.processMetrics, backing);
  }
  observeWork(parts.processMetrics, { ...ports, ...gateway });
  observeCollectors(parts.processMetrics, collection);
  opened.defer(async () => {
    const beganAtMs = parts.clock.elapsedMs();
    collection.hold();
    poweb.leaveToSuccessor();
    try {
      // All at once, as each may take its time.
      await allDrained([
        pohttp[Symbol.asyncDispose](),
        cogrpc.drain(config.cogrpc.drainMs),
        workers[Symbol.asyncDispose](),
      ]);
    } finally {
      const tookMs = parts.clock.elapsedMs() - beganAtMs;
      const leftMs = Math.max(poweb.limits.drainMs - tookMs, LEAST_FOR_REQUESTS_MS);
      await Promise.all([poweb.endRequests(leftMs), collection.windUp(leftMs)]);
      // Last of all: whoever is told is back after 3 s, when the next process must be there.
      await collection.closeAll();
    }
  });
  const [cogrpcPort] = await Promise.all([
    cogrpc.listen(whereToListen({ host, port: config.cogrpc.port }, parts.passed)),
    poweb.listen(),
    pohttp.listen(),
  ]);
  operations.started();
  opened.defer(() => operations.drain());
  const listening = {
    poweb: poweb.port,
    pohttp: pohttp.port,
    cogrpc: cogrpcPort,
    operations: operations.port,
  };
  const closing = opened.move();
  return { gateway, collection, listening, [Symbol.asyncDispose]: () => closing.disposeAsync() };
}

function observeDisk(metrics: ProcessMetrics, backing: PortOpener): void {
  metrics.observe(
    'disk_room_octets',
    'What the disk of the data folder still takes before parcels are refused',
    async () => (await backing.diskRoomOctets()) ?? Number.POSITIVE_INFINITY,
  );
}

/** Waits for all of them, even if one fails; then fails with the first failure. */
async function allDrained(drains: readonly PromiseLike<void>[]): Promise<void> {
  await Promise.allSettled(drains);
  await Promise.all(drains);
}
