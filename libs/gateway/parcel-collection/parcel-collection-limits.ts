/** Bounds of one collection; see docs/limits.md. */
export interface ParcelCollectionLimits {
  /** Deliveries that may be unacknowledged at once. */
  readonly window: number;
  /** Parcels fetched, or being fetched, ahead of the window. */
  readonly aheadParcels: number;
  /** The same in octets; one parcel may always be fetched, whatever its size. */
  readonly aheadOctets: number;
  /** Acknowledged parcels whose deletion may be under way at once. */
  readonly deletions: number;
  /** Without an acknowledgement for this long, parcels fetched ahead are let go. */
  readonly stallMs: number;
  /** Without an acknowledgement for this long, the collection ends. */
  readonly acknowledgementTimeoutMs: number;
  /** Without any answer of a backing service for this long, while it fails, the collection ends. */
  readonly giveUpAfterMs: number;
  /** Pause between listings that make up for signals lost unnoticed. */
  readonly relistMs: number;
}

/** All of them but the window, which operators set. */
export const PARCEL_COLLECTION_LIMITS: Omit<ParcelCollectionLimits, 'window'> = {
  aheadParcels: 64,
  aheadOctets: 1024 * 1024,
  deletions: 64,
  stallMs: 10_000,
  acknowledgementTimeoutMs: 5 * 60_000,
  giveUpAfterMs: 5 * 60_000,
  relistMs: 15 * 60_000,
};
