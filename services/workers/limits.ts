import type { CensusLimits } from '#gateway/held/census.ts';
import type { SweeperLimits } from '#gateway/held/sweeper.ts';
import type { DestinationLimits } from '#gateway/internet-delivery/destinations.ts';
import type { WorkersConfig } from './config.ts';

/** Limits that operators set. */
export type WorkersLimits = WorkersConfig['workers'];

/** For a connection to a destination, including TLS. */
export const CONNECT_TIMEOUT_MS = 3_000;
/** From looking up a destination to its response: somewhat more than 8 MiB take at 4 Mbit/s. */
export const DELIVERY_TIMEOUT_MS = 20_000;
/** For a query to the DNS resolver. */
export const DNS_TIMEOUT_MS = 3_000;

/** The other limits on deliveries to one destination. */
export const DESTINATION_LIMITS: Omit<DestinationLimits, 'maxConcurrent'> = {
  failuresToPause: 3,
  minPauseMs: 10_000,
  maxPauseMs: 300_000,
  maxTracked: 10_000,
};

/** The same for a sender at a destination, which says by 429 that it has enough of that one. */
export const SENDER_LIMITS: Omit<DestinationLimits, 'maxConcurrent'> = {
  ...DESTINATION_LIMITS,
  failuresToPause: 1,
  isAwaitedByDefault: false,
};

/** How posts share places and memory. An app that is well answers within a second. */
export const POST_LIMITS = { patienceMs: 2_000, longestWaitMs: 5_000 };
/** Parcels that wait for a place to be posted: as many as are posted, and so many at most. */
export const MOST_WAITING = 256;
/** Jobs taken besides, so that a newcomer is seen while there is no place to wait in either. */
export const JOBS_LOOKED_AT = 16;

/** Twice the longest delivery with the calls around it. */
export const DELIVERY_VISIBILITY_MS = 60_000;
/** A full cargo of tiny acknowledgements takes 50 000 deletions. */
export const CARGO_VISIBILITY_MS = 600_000;
/** Surprises before a job is set aside. */
export const MAX_ATTEMPTS = 10;
/** Items of one cargo processed at once. */
export const CARGO_ITEM_CONCURRENCY = 32;

/** At most 2 000 objects a second. */
export const SWEEPER_LIMITS: SweeperLimits = { batchSize: 500, pauseMs: 250, concurrency: 8 };

/** How what is held is counted. */
export const CENSUS_LIMITS: Omit<CensusLimits, 'intervalMs' | 'completeMs'> = {
  leaseMs: 60_000,
  partsAtOnce: 8,
  concurrency: 32,
};
/** Intervals without a census after which a part of the index is complete no more. */
export const COMPLETE_INTERVALS = 4;
/** How often to look for parts that are due, unless they are counted more often. */
export const CENSUS_LOOK_MS = 60_000;

/** How often to check the gateway's own certificate. */
export const RENEWAL_INTERVAL_MS = 86_400_000;
/** Pause after a periodic task failed. */
export const PERIODIC_RETRY_MS = 60_000;
