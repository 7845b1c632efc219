/** The road by which something reached the gateway. */
export type Road = 'poweb' | 'pohttp' | 'cargo';

/** Why something was refused: from a bounded set, since it becomes a label. */
export type RefusalReason = string;

/** What a collection asks of backing services, and asks again when it fails. */
export type CollectionCall = 'list' | 'read' | 'delete' | 'subscribe';

/**
 * Kinds of session keys of ours: given to one node when it registered, or brought to it by a cargo;
 * published for all; given to all by former versions.
 */
export type SessionKeyKind = 'registration' | 'bound' | 'published' | 'former';

/** What the gateway counts; label values come from bounded sets only. */
export interface GatewayMetrics {
  /** A parcel was stored durably and its sender may be told so. */
  parcelAccepted(road: Road, bound: 'gateway' | 'internet'): void;
  parcelRefused(road: Road, reason: RefusalReason): void;
  /** A collector acknowledged a parcel; `secondsHeld` since it was stored, if known. */
  parcelCollected(by: 'websocket' | 'cargo', secondsHeld: number | null): void;
  /** Stored objects or records that expired and were removed or skipped. */
  expired(what: 'parcel' | 'cargo' | 'record', count: number): void;
  /** Something would have been refused for its dates, but the clock is in doubt. */
  postponedForClock(): void;
  /** A call for a collection failed, and will be made again while the collector is there. */
  collectionCallFailed(call: CollectionCall): void;
  collectorConnected(): void;
  collectorDisconnected(): void;
  /** A parcel reached, or finally failed to reach, another Internet address. */
  parcelDelivered(outcome: 'delivered' | 'refused' | 'expired'): void;
  cargoAccepted(): void;
  cargoRefused(reason: RefusalReason): void;
  /** A cargo held no messages: it is done with. */
  emptyCargo(): void;
  cargoCollected(): void;
  /** A cargo or CCA was decrypted with a key of that kind, or refused as that key may not be used any more. */
  sessionMessage(key: SessionKeyKind, outcome: 'opened' | 'refused'): void;
  /** A courier was sent a cargo that takes more than 4 MiB, since one parcel alone does. */
  oversizeCargoSent(): void;
  /**
   * Parcels that a courier was not sent, and that stay held: `too-large` for its client, or `too-slow`
   * since several calls of its kind did not bring one as large.
   */
  parcelsLeftByCourier(why: 'too-large' | 'too-slow', count: number): void;
  registered(): void;
}

export const noMetrics: GatewayMetrics = {
  parcelAccepted() {},
  parcelRefused() {},
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
  registered() {},
};
