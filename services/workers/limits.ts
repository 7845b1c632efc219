import type { SweeperLimits } from '#gateway/held/sweeper.ts';
import type { DestinationLimits } from '#gateway/internet-delivery/destinations.ts';

/** What the operator may change. */
export interface WorkersLimits {
  readonly delivery: {
    readonly useTls: boolean;
    readonly allowPrivateNetworks: boolean;
    readonly dohUrl: URL;
    /** Parcels on their way to the Internet at once. */
    readonly concurrency: number;
    readonly concurrencyPerDestination: number;
    /** Octets of parcels in memory at once. */
    readonly bufferOctets: number;
    /** Certificates in PEM to trust instead of the public authorities. */
    readonly trustedAuthorities?: string | undefined;
  };
  readonly cargo: {
    /** Cargoes unpacked at once; each takes twice its size of memory, so up to 18 MiB. */
    readonly concurrency: number;
  };
  readonly sweepIntervalMs: number;
  /** What running jobs get to end in when the workers stop. */
  readonly drainMs: number;
}

/** Until a connection to a destination stands, TLS included. */
export const CONNECT_TIMEOUT_MS = 3_000;
/** From looking a destination up to its answer: what 8 MiB take at 4 Mbit/s, and some more. */
export const DELIVERY_TIMEOUT_MS = 20_000;
export const DNS_TIMEOUT_MS = 3_000;

/** The rest of what bounds deliveries to one destination. */
export const DESTINATION_LIMITS: Omit<DestinationLimits, 'maxConcurrent'> = {
  failuresToPause: 3,
  minPauseMs: 10_000,
  maxPauseMs: 300_000,
  maxTracked: 10_000,
};

/** Twice what a delivery and the calls around it may take. */
export const DELIVERY_VISIBILITY_MS = 60_000;
/** A full cargo of tiny acknowledgements means 50 000 deletions. */
export const CARGO_VISIBILITY_MS = 600_000;
/** Surprises before a job is set aside. */
export const MAX_ATTEMPTS = 10;
/** Items of one cargo dealt with at once. */
export const CARGO_ITEM_CONCURRENCY = 16;

/** At most 2 000 objects a second. */
export const SWEEPER_LIMITS: SweeperLimits = { batchSize: 500, pauseMs: 250, concurrency: 8 };

/** How often the gateway's own certificate is looked at. */
export const RENEWAL_INTERVAL_MS = 86_400_000;
/** After a periodic task failed. */
export const PERIODIC_RETRY_MS = 60_000;
