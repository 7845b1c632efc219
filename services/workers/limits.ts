import type { SweeperLimits } from '#gateway/held/sweeper.ts';
import type { DestinationLimits } from '#gateway/internet-delivery/destinations.ts';
import type { WorkersConfig } from './config.ts';

/** What operators set. */
export type WorkersLimits = WorkersConfig['workers'];

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
