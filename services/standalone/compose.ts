import { warnAboutBucket } from '#composition/bucket-settings.ts';
import { composeService, type Given, type Running } from '#composition/compose-service.ts';
import { type Gateway, openGateway } from '#gateway/gateway.ts';
import { connectionBound } from '#runtime/http/connection-bound.ts';
import { whereToListen } from '#services/cogrpc/connections.ts';
import { createCogrpcServer } from '#services/cogrpc/create-cogrpc-server.ts';
import { COGRPC_LIMITS } from '#services/cogrpc/limits.ts';
import { registerCollectionRoute } from '#services/collection/collection-route.ts';
import type { CollectionServer } from '#services/collection/collection-server.ts';
import {
  createCollectionServer,
  observeCollectors,
} from '#services/collection/create-collection-server.ts';
import type { Behind, Edge, EdgeProcessParts } from '#services/edge/edge.ts';
import { isForPhones } from '#services/edge/paths.ts';
import { createPohttpServer } from '#services/pohttp/pohttp-server.ts';
import { createPowebServer } from '#services/poweb/poweb-server.ts';
import { observeWork } from '#services/workers/work-metrics.ts';
import { startWorkers } from '#services/workers/workers.ts';
import type { StandaloneConfig } from './config.ts';
import { noteAddress } from './noted-address.ts';
import { reportStatus } from './status/report-status.ts';

/** Least time that PoWeb's requests get to end, however long the rest takes. */
const LEAST_FOR_REQUESTS_MS = 2_000;

/** A running gateway in this process. */
export type Standalone = Running<{
  readonly gateway: Gateway;
  readonly collection: CollectionServer;
  /** PoWeb and collection share a port; the last two are there only with a certificate. */
  readonly listening: Readonly<Record<'poweb' | 'pohttp' | 'cogrpc', number>> &
    Partial<Edge['listening']>;
}>;

/** Wires every service in one process; disposing of it drains them together. */
export function composeStandalone(config: StandaloneConfig, given: Given): Promise<Standalone> {
  return composeService('standalone', config, given, {
    async open(parts) {
      const gateway = await openGateway(parts, config.internetAddress, {
        recordsEveryParcel: config.recordStore.kind === 'sqlite',
        acceptsPublishedKey: config.acceptsPublishedKey,
        acceptsWithdrawals: config.acceptsWithdrawals,
        maxSignalledOctets: config.maxSignalledOctets,
        quotas: config.quotas,
        registration: config.registration,
        held: config.held,
      });
      await gateway.sessionKeys.prepare();
      if (config.recordStore.kind === 'sqlite') {
        await noteAddress(config.dataFolder, gateway.internetAddress, parts.log);
      }
      return gateway;
    },
    async serve(parts, opened, operations) {
      opened.use(parts.policy.keepCurrent());
      const { host } = config;
      const { clock, passed, processMetrics } = parts;
      const { maxCollectors, maxWaiting } = config.collection;
      const others = maxCollectors + maxWaiting + COGRPC_LIMITS.maxConnections;
      const maxConnections = await connectionBound({ servers: 2, others }, parts.log);
      const limits = { host, maxConnections };
      const poweb = opened.use(createPowebServer({ ...config.poweb, ...limits }, parts));
      const collection = createCollectionServer(config.collection, parts);
      registerCollectionRoute(poweb.app);
      poweb.onUpgrade(collection.handleUpgrade);
      const pohttp = createPohttpServer({ ...config.pohttp, ...limits }, parts);
      const cogrpc = createCogrpcServer(config.cogrpc, parts);
      const workers = startWorkers(parts, config.workers);
      observeWork(processMetrics, parts);
      void warnAboutBucket(config.objectStore, parts.log);
      observeCollectors(processMetrics, collection);
      poweb.leaveRequests(pohttp, (target) => !isForPhones(target));
      const behind = { ...config, http: poweb, couriers: cogrpc };
      const edge = await publicPorts(config.certificates, behind, parts);
      opened.use(edge);
      opened.use(await reportStatus(operations, config, { ...parts, edge }));
      opened.defer(async () => {
        const beganAtMs = clock.elapsedMs();
        collection.hold();
        poweb.leaveToSuccessor();
        edge?.leaveToSuccessor();
        try {
          // All at once, as each may take its time.
          await allDrained([
            pohttp[Symbol.asyncDispose](),
            cogrpc.drain(config.cogrpc.drainMs),
            workers[Symbol.asyncDispose](),
          ]);
        } finally {
          const tookMs = clock.elapsedMs() - beganAtMs;
          const leftMs = Math.max(poweb.limits.drainMs - tookMs, LEAST_FOR_REQUESTS_MS);
          await Promise.all([
            poweb.endRequests(leftMs),
            // Those that came by the public port.
            pohttp.endRequests(leftMs),
            collection.windUp(leftMs),
          ]);
          // Last of all: whoever is told is back after 3 s, when the next process must be there.
          await collection.closeAll();
        }
      });
      const [cogrpcPort] = await Promise.all([
        cogrpc.listen(whereToListen({ host, port: config.cogrpc.port }, passed)),
        poweb.listen(),
        pohttp.listen(),
      ]);
      if (edge) {
        operations.alsoCheck('certificate', () => edge.check());
        await edge.listen();
      }
      const listening = {
        poweb: poweb.port,
        pohttp: pohttp.port,
        cogrpc: cogrpcPort,
        ...edge?.listening,
      };
      return { gateway: parts, collection, listening };
    },
  });
}

/** The ports with TLS, which are loaded only where they are wanted. */
async function publicPorts(
  config: StandaloneConfig['certificates'],
  ...[behind, parts]: [Behind, EdgeProcessParts]
): Promise<Edge | null> {
  if (config.kind === 'none') {
    return null;
  }
  const { Edge } = await import('#services/edge/edge.ts');
  return Edge.open(config, behind, parts);
}

/** Waits for all, even if one fails; then fails with the first failure. */
async function allDrained(drains: readonly PromiseLike<void>[]): Promise<void> {
  await Promise.allSettled(drains);
  await Promise.all(drains);
}
