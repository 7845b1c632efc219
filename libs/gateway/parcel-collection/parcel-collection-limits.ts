/** Bounds of one collection; see docs/limits.md. */
export interface ParcelCollectionLimits {
  /** Unacknowledged deliveries. */
  readonly window: number;
  /** Parcels fetched, or being fetched, ahead of the window. */
  readonly aheadParcels: number;
  /** The same in octets; one parcel of any size may always be fetched. */
  readonly aheadOctets: number;
  /** Concurrent deletions of acknowledged parcels. */
  readonly deletions: number;
  /** Without an acknowledgement for this long, parcels fetched ahead are dropped. */
  readonly stallMs: number;
  /** Without an acknowledgement for this long, the collection ends. */
  readonly acknowledgementTimeoutMs: number;
  /** Without a success for this long while backing services fail, the collection ends. */
  readonly giveUpAfterMs: number;
  /** Between two looks at all that is held, which make up for lost signals. */
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
