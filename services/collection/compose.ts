import type { GivenParts, ProcessParts } from '#composition/process-parts.ts';
import { openVerifyingService, type VerifyingPorts } from '#composition/verifying-service.ts';
import { Mailbox } from '#gateway/held/mailbox.ts';
import { DoubtingVerifier } from '#gateway/identity/doubting-verifier.ts';
import { HttpServer } from '#runtime/http/http-server.ts';
import { RequestIds } from '#runtime/http/request-ids.ts';
import { keepBalanced } from './balancing/keep-balanced.ts';
import { registerCollectionRoute } from './collection-route.ts';
import { WIND_UP_MS } from './collector-connection.ts';
import type { CollectionConfig } from './config.ts';
import { createCollectionServer, observeCollectors } from './create-collection-server.ts';

/** Connections besides those of collectors: refused ones, and those whose request is still coming. */
const OTHER_CONNECTIONS = 1_000;
/** All that this server answers by itself is an error. */
const REQUESTS_END_MS = 1_000;

/** A server for collectors that runs. */
export interface Collection extends AsyncDisposable {
  /** The ports in use, which tell those that the system chose. */
  readonly listening: {
    readonly collection: number;
    readonly operations: number;
    readonly agent: number;
  };
}

/**
 * Serves phones that collect, until it is disposed of, which sends them to other processes over
 * some seconds. What is `given` takes the place of the real thing, and stays open.
 *
 * Waits for backing services that are away, and for the gateway's first certificate.
 */
export async function composeCollection(
  config: CollectionConfig,
  given: GivenParts & Partial<VerifyingPorts>,
): Promise<Collection> {
  await using opened = new AsyncDisposableStack();
  const { parts, operations } = await openVerifyingService('collection', config, given, opened);
  const mailbox = new Mailbox(parts);
  const verifier = new DoubtingVerifier(parts);
  const requestIds = new RequestIds(config.requests);
  const own = { mailbox, verifier, requestIds };
  const collection = createCollectionServer(config.collection, { ...parts, ...own });
  const server = opened.use(createUpgradeServer(config, { ...parts, requestIds }));
  registerCollectionRoute(server.app);
  server.app.server.on('upgrade', collection.handleUpgrade);
  observeCollectors(parts.processMetrics, collection);
  const balanced = opened.use(
    await keepBalanced(collection, parts, {
      // Whoever may ask whether it is ready may ask this.
      host: config.operations.host,
      port: config.agentPort,
      phase: () => operations.phase(),
    }),
  );
  opened.defer(async () => {
    balanced.stopSharing();
    // A parent that holds the socket starts the next process, and that one is there for all at once.
    if (!server.leaveToSuccessor()) {
      await collection.moveAway(config.moving);
    }
    await Promise.all([server.endRequests(REQUESTS_END_MS), collection.windUp(WIND_UP_MS)]);
    await collection.closeAll();
  });
  await server.listen();
  operations.started();
  opened.defer(() => operations.drain());
  const listening = {
    collection: server.port,
    operations: operations.port,
    agent: balanced.port,
  };
  const closing = opened.move();
  return { listening, [Symbol.asyncDispose]: () => closing.disposeAsync() };
}

function createUpgradeServer(
  { host, port, collection }: CollectionConfig,
  {
    log,
    clock,
    processMetrics,
    passed,
    requestIds,
  }: ProcessParts & { readonly requestIds: RequestIds },
): HttpServer {
  return new HttpServer({
    name: 'collection',
    host,
    port,
    passed,
    log,
    clock,
    limits: {
      maxConnections: collection.maxCollectors + collection.maxWaiting + OTHER_CONNECTIONS,
    },
    onAnswered: processMetrics.requestAnswered,
    requestIds,
  });
}
