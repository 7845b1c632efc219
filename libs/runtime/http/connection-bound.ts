import type { Log } from '#log/log.ts';
import { descriptorUse } from '../descriptors.ts';
import { DEFAULT_HTTP_LIMITS } from './http-limits.ts';

/** The part of the descriptors that is kept for files, backing services, and the operations port. */
const PART_KEPT = 1 / 8;
const LEAST_CONNECTIONS = 100;
/** Phones and apps connect, send, and leave: with fewer, an operator should know. */
const FEW_CONNECTIONS = 1_000;

interface Sharing {
  /** HTTP servers of the process that are to have as many connections each. */
  readonly servers: number;
  /** Connections of other servers, which have a bound of their own. */
  readonly others: number;
}

/**
 * How many connections each HTTP server of a process may have, so that clients of one can never use
 * up the descriptors that the others need. Warns if these are few.
 */
export async function connectionBound(
  { servers, others }: Sharing,
  log: Log,
  use = descriptorUse,
): Promise<number> {
  const limit = (await use())?.limit ?? Number.POSITIVE_INFINITY;
  const each = Math.floor((limit * (1 - PART_KEPT) - others) / servers);
  if (each < FEW_CONNECTIONS) {
    log.warn(
      { limit },
      'There are few file descriptors for the clients that there may be; raise the limit (ulimit -n, or LimitNOFILE= of its unit)',
    );
  }
  return Math.min(DEFAULT_HTTP_LIMITS.maxConnections, Math.max(LEAST_CONNECTIONS, each));
}
