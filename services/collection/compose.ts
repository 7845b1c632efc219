import { composeService, type Given, type Running } from '#composition/compose-service.ts';
import type { ProcessParts } from '#composition/process-parts.ts';
import { Mailbox } from '#gateway/held/mailbox.ts';
import { DoubtingVerifier } from '#gateway/identity/doubting-verifier.ts';
import { Identity } from '#gateway/identity/identity.ts';
import { Withdrawals } from '#gateway/identity/withdrawals.ts';
import { PeerPolicy } from '#gateway/peers/peer-policy.ts';
import { HttpServer } from '#runtime/http/http-server.ts';
import type { RequestIds } from '#runtime/http/request-ids.ts';
import { keepBalanced } from './balancing/keep-balanced.ts';
import { registerCollectionRoute } from './collection-route.ts';
import { WIND_UP_MS } from './collector-connection.ts';
import type { CollectionConfig } from './config.ts';
import { createCollectionServer, observeCollectors } from './create-collection-server.ts';

/** Connections besides collectors': refused ones, and those whose request is still arriving. */
const MAX_OTHER_CONNECTIONS = 1_000;
/** This server's own answers are all errors, and quick. */
const REQUESTS_END_MS = 1_000;

/** A running service for collectors. */
export type Collection = Running<{
  readonly listening: { readonly collection: number; readonly agent: number };
}>;

/**
 * Serves collecting phones until disposed of, which sends them to other processes over some
 * seconds. Waits for the gateway's first certificate.
 */
export function composeCollection(config: CollectionConfig, given: Given): Promise<Collection> {
  return composeService('collection', config, given, {
    open: async (parts) => ({
      identity: await Identity.openToVerify(parts),
      policy: await PeerPolicy.read(parts),
    }),
    async serve(parts, opened, operations) {
      opened.use(parts.policy.keepCurrent());
      const mailbox = new Mailbox(parts);
      const verifier = new DoubtingVerifier(parts);
      const withdrawals = config.acceptsWithdrawals ? new Withdrawals(parts) : null;
      const given = { ...parts, mailbox, verifier, withdrawals };
      const collection = createCollectionServer(config.collection, given);
      const server = opened.use(createUpgradeServer(config, parts));
      registerCollectionRoute(server.app);
      server.onUpgrade(collection.handleUpgrade);
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
      return { listening: { collection: server.port, agent: balanced.port } };
    },
  });
}

function createUpgradeServer(
  { host, port }: CollectionConfig,
  parts: ProcessParts & { readonly requestIds: RequestIds },
): HttpServer {
  return new HttpServer({
    ...parts,
    name: 'collection',
    host,
    port,
    limits: {
      maxConnections: MAX_OTHER_CONNECTIONS,
    },
    onOverShare: (what) => parts.metrics.overShare(what, 'network'),
    onAnswered: parts.processMetrics.requestAnswered,
  });
}
