import { type Backoff, pauseAfter } from '#bounds/backoff.ts';
import { Cache } from '#bounds/cache.ts';
import type { Who } from '#bounds/fair-shares.ts';
import type { Clock } from '#clock/clock.ts';

/** Bad handshakes of a network that are answered at once. */
const ANSWERED_AT_ONCE = 200;
/** Before each further one is answered. */
const PAUSES: Backoff = { firstMs: 1_000, maxMs: 20_000, jitter: 0 };
/** After its last one, a network's are forgotten. */
const REMEMBERED_MS = 600_000;
/** Networks remembered; the one that was quiet longest is forgotten for another. */
const MOST_NETWORKS = 10_000;

/**
 * Puts off the answers to bad handshakes, ever longer the more come from a network: clients come
 * back 3 s after an answer, and each time costs verifying. Good ones are not put off.
 */
export class BadHandshakes {
  readonly #counts: Cache<number>;

  constructor(clock: Clock) {
    this.#counts = new Cache(clock, MOST_NETWORKS);
  }

  /** Call it for each. @returns how long to wait before it is answered, in milliseconds */
  count([network = '']: Who): number {
    const count = (this.#counts.get(network) ?? 0) + 1;
    this.#counts.set(network, count, REMEMBERED_MS);
    const late = count - ANSWERED_AT_ONCE;
    return late > 0 ? pauseAfter(late, PAUSES) : 0;
  }
}
