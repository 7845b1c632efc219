import type { MessageVerifier } from '#awala/message-verifier.ts';
import type { ExpiryParts } from '#gateway/held/expiry.ts';
import type { Mailbox } from '#gateway/held/mailbox.ts';
import type { VerifyingIdentity } from '#gateway/identity/identity.ts';
import type { RenewalNotes } from '#gateway/identity/renewal-notes.ts';
import type { Withdrawals } from '#gateway/identity/withdrawals.ts';
import { PARCEL_COLLECTION_LIMITS } from '#gateway/parcel-collection/parcel-collection-limits.ts';
import type { PeerPolicy } from '#gateway/peers/peer-policy.ts';
import type { Log } from '#log/log.ts';
import type { GatewayMetrics } from '#metrics/port.ts';
import type { ClientNetworks } from '#runtime/http/client-networks.ts';
import type { RequestIds } from '#runtime/http/request-ids.ts';
import type { ProcessMetrics } from '#runtime/metrics.ts';
import { CollectionServer } from './collection-server.ts';
import type { CollectionConfig } from './config.ts';
import { Heartbeat } from './heartbeat.ts';

/** For a phone on a slow link, whose answer contains certificates. */
const HANDSHAKE_TIMEOUT_MS = 30_000;
/** After that it may find room in another process. */
const WAITING_TIMEOUT_MS = 30_000;

/** The server of collections for one process, to be given the upgrades of an HTTP server. */
export function createCollectionServer(
  { window, maxCollectors, maxWaiting, bufferOctets }: CollectionConfig['collection'],
  parts: ExpiryParts & {
    readonly mailbox: Mailbox;
    readonly identity: Pick<VerifyingIdentity, 'trustedCertificates'>;
    readonly verifier: MessageVerifier;
    readonly policy: PeerPolicy;
    readonly renewalNotes?: Pick<RenewalNotes, 'met'>;
    readonly withdrawals?: Withdrawals | null;
    readonly log: Log;
    readonly metrics: GatewayMetrics;
    readonly requestIds?: RequestIds;
    readonly clientNetworks?: ClientNetworks;
  },
): CollectionServer {
  const heartbeat = new Heartbeat(parts.clock);
  return new CollectionServer(
    { ...parts, heartbeat },
    {
      ...PARCEL_COLLECTION_LIMITS,
      window,
      maxCollectors,
      maxWaiting,
      bufferOctets,
      waitingTimeoutMs: WAITING_TIMEOUT_MS,
      handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
    },
  );
}

/** Adds the metric of collectors that wait for a place. */
export function observeCollectors(metrics: ProcessMetrics, collection: CollectionServer): void {
  metrics.observe(
    'collectors_waiting',
    'Collectors that wait for a place',
    () => collection.waiting,
  );
}
