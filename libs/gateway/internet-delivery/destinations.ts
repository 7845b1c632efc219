import { pauseAfter } from '#bounds/backoff.ts';
import { Cache } from '#bounds/cache.ts';
import type { Clock } from '#clock/clock.ts';

export interface DestinationLimits {
  /** Parcels on their way to one destination at once. */
  readonly maxConcurrent: number;
  /** Failures in a row after which a destination is left alone. */
  readonly failuresToPause: number;
  /** The first pause; each further failure makes it longer by a quarter, up to `maxPauseMs`. */
  readonly minPauseMs: number;
  readonly maxPauseMs: number;
  /** Destinations remembered at once. */
  readonly maxTracked: number;
}

/** What a delivery told about its destination; `unknown` if it was not even asked. */
type DestinationVerdict = 'up' | 'down' | 'unknown';

export interface Admission {
  /**
   * To be called once, when the delivery is over.
   *
   * @param pauseMs - how long the destination asked to be left alone
   * @returns how many of those that wait for the destination, here or in another process, may come
   * now: 0 if none may, or if none waited a moment ago
   */
  end(verdict: DestinationVerdict, pauseMs?: number | null): number;
}

interface Destination {
  active: number;
  /** In a row. */
  failures: number;
  /** How often it was left alone after failures. */
  pauses: number;
  /** By our own decision, which a success anywhere ends. */
  pausedUntilMs: number;
  /** Left alone because it asked for that. */
  askedUntilMs: number;
  /** When the next of those that were sent away may come back. */
  nextTurnMs: number;
  /** Moving average of how long a delivery takes. */
  meanMs: number;
}

/** After an outage, the next try is not further away than a quarter of the time that it lasted. */
const GROWTH = 1.25;
const JITTER = 0.25;
/** Where nobody was sent away from here, it is asked so often whether any wait that others sent away. */
const ASK_AGAIN_MS = 10_000;
const INITIAL_MEAN_MS = 500;
/** Weight of the newest delivery in the average. */
const MEAN_WEIGHT = 0.2;
/** Nobody is sent away for longer than this because of others that wait. */
const MAX_TURN_MS = 60_000;

/**
 * Sees to it that no destination gets more than its share of deliveries, and that
 * one that does not answer is left alone for growing times, tried by one parcel at
 * a time until it answers again. Whoever may not go now is told when to come back at
 * the latest, and holds nothing meanwhile; each success lets as many of them come as
 * there are places, until none waits any more.
 */
export class Destinations {
  readonly #clock: Clock;
  readonly #limits: DestinationLimits;
  readonly #random: () => number;
  readonly #known = new Map<string, Destination>();
  /** Destinations for which none waited a moment ago, unless any was sent away since. */
  readonly #awaitedByNone: Cache<true>;

  /** @param random - from 0 to below 1 */
  constructor(clock: Clock, limits: DestinationLimits, random: () => number = Math.random) {
    this.#clock = clock;
    this.#limits = limits;
    this.#awaitedByNone = new Cache(clock, limits.maxTracked);
    this.#random = random;
  }

  /** How many destinations are remembered: those in use, in trouble, or overrun. */
  get tracked(): number {
    return this.#known.size;
  }

  /** No parcel waits longer for its next attempt, whoever it is for. */
  get longestPauseMs(): number {
    return this.#limits.maxPauseMs;
  }

  /** @returns the admission, or when to ask again at the latest */
  admit(address: string): Admission | Date {
    const destination = this.#known.get(address) ?? this.#track(address);
    const nowMs = this.#clock.elapsedMs();
    const untilMs = this.#leftAloneUntilMs(destination, nowMs);
    if (untilMs > 0) {
      return this.#turn(address, destination, untilMs);
    }
    if (destination.active >= this.#places(destination)) {
      return this.#turn(address, destination, nowMs + this.#stepMs(destination));
    }
    destination.active++;
    const began = { atMs: nowMs, pauses: destination.pauses };
    return {
      end: (verdict, pauseMs = null) => {
        destination.active--;
        this.#learn(destination, verdict, began);
        if (pauseMs !== null) {
          const untilMs = this.#clock.elapsedMs() + Math.min(pauseMs, this.#limits.maxPauseMs);
          destination.askedUntilMs = Math.max(destination.askedUntilMs, untilMs);
        }
        const room = verdict === 'up' ? this.#roomFor(address, destination) : 0;
        this.#forgetIfIdle(address, destination);
        return room;
      },
    };
  }

  /** @returns when to come back at the latest to a destination that is left alone; null if it is not */
  turnAt(address: string): Date | null {
    const destination = this.#known.get(address);
    const untilMs = destination ? this.#leftAloneUntilMs(destination) : 0;
    return destination && untilMs > 0 ? this.#turn(address, destination, untilMs) : null;
  }

  /** As many came as could, or it is not known how many: more may wait. */
  moreMayWait(address: string): void {
    this.#awaitedByNone.delete(address);
  }

  /** The destination has answered another process: it is tried by one parcel, unless it asked for peace. */
  heardToAnswer(address: string): void {
    const destination = this.#known.get(address);
    if (destination && destination.pausedUntilMs > 0) {
      destination.pausedUntilMs = 0;
      destination.nextTurnMs = 0;
    }
  }

  #track(address: string): Destination {
    if (this.#known.size >= this.#limits.maxTracked) {
      this.#forgetOne();
    }
    const destination: Destination = {
      active: 0,
      failures: 0,
      pauses: 0,
      pausedUntilMs: 0,
      askedUntilMs: 0,
      nextTurnMs: 0,
      meanMs: INITIAL_MEAN_MS,
    };
    this.#known.set(address, destination);
    return destination;
  }

  #places({ failures }: Destination): number {
    const isOnTrial = failures >= this.#limits.failuresToPause;
    return isOnTrial ? 1 : this.#limits.maxConcurrent;
  }

  /** How many may come now; 0 also if it is too early to ask whether any would. */
  #roomFor(address: string, destination: Destination): number {
    if (this.#awaitedByNone.has(address) || this.#leftAloneUntilMs(destination) > 0) {
      return 0;
    }
    // Whoever asks says if that was not so.
    this.#awaitedByNone.set(address, true, ASK_AGAIN_MS);
    return Math.max(this.#places(destination) - destination.active, 1);
  }

  /** Spreads those who wait over the time in which the destination can serve them. */
  #turn(address: string, destination: Destination, earliestMs: number): Date {
    const stepMs = this.#stepMs(destination);
    const latestMs = earliestMs + MAX_TURN_MS - stepMs;
    const turnMs = Math.min(Math.max(destination.nextTurnMs, earliestMs), latestMs);
    destination.nextTurnMs = turnMs + stepMs;
    this.moreMayWait(address);
    const waitMs = Math.ceil(turnMs - this.#clock.elapsedMs());
    return new Date(this.#clock.now().getTime() + waitMs);
  }

  #stepMs({ meanMs }: Destination): number {
    return meanMs / this.#limits.maxConcurrent;
  }

  #learn(
    destination: Destination,
    verdict: DestinationVerdict,
    began: { readonly atMs: number; readonly pauses: number },
  ): void {
    if (verdict === 'up') {
      const tookMs = this.#clock.elapsedMs() - began.atMs;
      destination.meanMs += (tookMs - destination.meanMs) * MEAN_WEIGHT;
      if (destination.failures > 0) {
        destination.nextTurnMs = 0;
      }
      destination.failures = 0;
      destination.pausedUntilMs = 0;
    } else if (verdict === 'down' && began.pauses === destination.pauses) {
      // Those that began before it was left alone tell nothing new: they are of the same failure.
      destination.failures++;
      this.#pauseAfterFailures(destination);
    }
  }

  #pauseAfterFailures(destination: Destination): void {
    const { failuresToPause, minPauseMs, maxPauseMs } = this.#limits;
    const failures = destination.failures - failuresToPause + 1;
    if (failures > 0) {
      const backoff = { firstMs: minPauseMs, maxMs: maxPauseMs, growth: GROWTH, jitter: JITTER };
      destination.pauses++;
      destination.pausedUntilMs =
        this.#clock.elapsedMs() + pauseAfter(failures, backoff, this.#random);
    }
  }

  /** @returns 0 if it is not left alone */
  #leftAloneUntilMs(
    { pausedUntilMs, askedUntilMs }: Destination,
    nowMs = this.#clock.elapsedMs(),
  ): number {
    const untilMs = Math.max(pausedUntilMs, askedUntilMs);
    return untilMs > nowMs ? untilMs : 0;
  }

  #forgetIfIdle(address: string, destination: Destination): void {
    const nowMs = this.#clock.elapsedMs();
    const isAtRest = destination.active === 0 && destination.failures === 0;
    const isFree =
      this.#leftAloneUntilMs(destination, nowMs) === 0 && destination.nextTurnMs <= nowMs;
    if (isAtRest && isFree && this.#known.get(address) === destination) {
      this.#known.delete(address);
    }
  }

  /** The one known for longest, but for those in use. */
  #forgetOne(): void {
    for (const [address, { active }] of this.#known) {
      if (active === 0) {
        this.#known.delete(address);
        return;
      }
    }
  }
}
