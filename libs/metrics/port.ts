/** The protocol by which something reached the gateway. */
export type Road = 'poweb' | 'pohttp' | 'cargo';

/** Why something was refused. A label, so from a bounded set. */
type RefusalReason = string;

/** Calls that a collection makes to backing services, and retries. */
export type CollectionCall = 'list' | 'read' | 'delete' | 'subscribe';

/**
 * Kinds of session keys of ours: given to one node when it registered, or bound to it by a cargo;
 * published for all; or given to all by older versions.
 */
export type SessionKeyKind = 'registration' | 'bound' | 'published' | 'former';

/** What is divided by who wants it. */
export type SharedThing =
  | 'connections'
  | 'requests'
  | 'calls'
  | 'collections'
  | 'memory'
  | 'posts'
  | 'store';

/** What the gateway counts. Label values come from bounded sets. */
export interface GatewayMetrics {
  /** A parcel was stored durably, and its sender may be told. */
  parcelAccepted(road: Road, bound: 'gateway' | 'internet'): void;
  parcelRefused(road: Road, reason: RefusalReason): void;
  /** A parcel for a private endpoint was stored though the index of what is held may not know it. */
  parcelNotIndexed(): void;
  /** A collector acknowledged a parcel; `secondsHeld` since it was stored, if known. */
  parcelCollected(by: 'websocket' | 'cargo', secondsHeld: number | null): void;
  /** Stored objects or records expired and were removed or skipped. */
  expired(what: 'parcel' | 'cargo' | 'record', count: number): void;
  /** Something was not refused for its dates, because the clock is in doubt. */
  postponedForClock(): void;
  /** A call for a collection failed, and is retried while the collector is there. */
  collectionCallFailed(call: CollectionCall): void;
  collectorConnected(): void;
  collectorDisconnected(): void;
  /** A parcel reached another Internet address, or finally failed to. */
  parcelDelivered(outcome: 'delivered' | 'refused' | 'expired'): void;
  cargoAccepted(): void;
  cargoRefused(reason: RefusalReason): void;
  /** A cargo held no messages, and is done. */
  emptyCargo(): void;
  cargoCollected(): void;
  /**
   * A cargo or CCA was decrypted with a key of that kind, or refused because that key may no longer
   * be used.
   */
  sessionMessage(key: SessionKeyKind, outcome: 'opened' | 'refused'): void;
  /** A courier was sent a cargo over 4 MiB, because a single parcel is that large. */
  oversizeCargoSent(): void;
  /**
   * Parcels that a courier was not sent and that stay stored: `too-large` for its client, or
   * `too-slow`, as several calls of its kind failed to take one as large.
   */
  parcelsLeftByCourier(why: 'too-large' | 'too-slow', count: number): void;
  /**
   * Somebody had to give way, as others wanted their share of `what`: the network, or the client
   * within it, that held most or stood still.
   */
  overShare(what: SharedThing, who: 'network' | 'client'): void;
  registered(): void;
  /** A private gateway proved who it is. For counting how many there are; its id goes no further. */
  phoneSeen(phone: string): void;
}

/** Metrics that count nothing. */
export const noMetrics: GatewayMetrics = {
  parcelAccepted() {},
  parcelRefused() {},
  parcelNotIndexed() {},
  parcelCollected() {},
  expired() {},
  postponedForClock() {},
  collectionCallFailed() {},
  collectorConnected() {},
  collectorDisconnected() {},
  parcelDelivered() {},
  cargoAccepted() {},
  cargoRefused() {},
  emptyCargo() {},
  cargoCollected() {},
  sessionMessage() {},
  oversizeCargoSent() {},
  parcelsLeftByCourier() {},
  overShare() {},
  registered() {},
  phoneSeen() {},
};
