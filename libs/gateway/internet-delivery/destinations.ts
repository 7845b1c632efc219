import { pauseAfter } from '#bounds/backoff.ts';
import { Cache } from '#bounds/cache.ts';
import type { Clock } from '#clock/clock.ts';

/** How much each destination gets. */
export interface DestinationLimits {
  /** Parcels in delivery to one destination. */
  readonly maxConcurrent: number;
  /** Failures in a row after which a destination is paused. */
  readonly failuresToPause: number;
  /** The first pause; each further failure lengthens it by a quarter, up to `maxPauseMs`. */
  readonly minPauseMs: number;
  readonly maxPauseMs: number;
  /** Destinations remembered. */
  readonly maxTracked: number;
  /**
   * Whether parcels may wait for a destination for which this process sent none away. A success then
   * asks for them now and then. @default true
   */
  readonly isAwaitedByDefault?: boolean;
}

/** What a delivery says of its destination; `unknown` if it was not asked. */
type DestinationVerdict = 'up' | 'down' | 'unknown';

/** Permission for one delivery. */
export interface Admission {
  /**
   * Call it once, when the delivery is over.
   *
   * @param pauseMs - how long the destination asked to be left alone
   * @returns how many of the parcels that wait for the destination, in any process, may come now: 0
   * if none may, or if none waited a moment ago
   */
  end(verdict: DestinationVerdict, pauseMs?: number | null): number;
}

interface Destination {
  active: number;
  /** In a row. */
  failures: number;
  /** Pauses so far. */
  pauses: number;
  /** By our own decision; a success anywhere ends it. */
  pausedUntilMs: number;
  /** At the destination's own request. */
  askedUntilMs: number;
  /** When the next of the parcels sent away may come back. */
  nextTurnMs: number;
  /** Moving average of a delivery's duration. */
  meanMs: number;
}

/** After an outage, the next try comes within a quarter of its duration. */
const GROWTH = 1.25;
const JITTER = 0.25;
/** How often to ask whether parcels wait that other processes sent away. */
const ASK_AGAIN_MS = 10_000;
const INITIAL_MEAN_MS = 500;
/** Weight of the latest delivery in the average. */
const MEAN_WEIGHT = 0.2;
/** The longest that a parcel is sent away because of others that wait. */
const MAX_TURN_MS = 60_000;

/**
 * Shares out deliveries among destinations. One that does not answer is paused for growing times
 * and tried by one parcel at a time until it answers. A parcel that may not go is told when to come
 * back, and holds nothing meanwhile; each success admits as many of them as there is room for,
 * until none waits.
 */
export class Destinations {
  readonly #clock: Clock;
  readonly #limits: DestinationLimits;
  readonly #random: () => number;
  readonly #known = new Map<string, Destination>();
  /** False if none waited a moment ago; true if some were sent away since. */
  readonly #awaited: Cache<boolean>;

  /** @param random - from 0 to below 1 */
  constructor(clock: Clock, limits: DestinationLimits, random: () => number = Math.random) {
    this.#clock = clock;
    this.#limits = limits;
    this.#awaited = new Cache(clock, limits.maxTracked);
    this.#random = random;
  }

  /** Destinations remembered: in use, in trouble, or overrun. */
  get tracked(): number {
    return this.#known.size;
  }

  /** The longest that any parcel waits for its next attempt. */
  get longestPauseMs(): number {
    return this.#limits.maxPauseMs;
  }

  /** @returns the admission, or the latest time to ask again */
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

  /** @returns the latest time to come back to a paused destination; null if it is not paused */
  turnAt(address: string): Date | null {
    const destination = this.#known.get(address);
    const untilMs = destination ? this.#leftAloneUntilMs(destination) : 0;
    return destination && untilMs > 0 ? this.#turn(address, destination, untilMs) : null;
  }

  /** As many came as could, or their number is unknown: more may wait. */
  moreMayWait(address: string): void {
    this.#awaited.set(address, true);
  }

  /**
   * The destination has answered another process: try it by one parcel, unless it asked to be left
   * alone.
   */
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
    const { isAwaitedByDefault = true } = this.#limits;
    const isAwaited = this.#awaited.get(address) ?? isAwaitedByDefault;
    if (!isAwaited || this.#leftAloneUntilMs(destination) > 0) {
      return 0;
    }
    // The next to ask corrects this.
    this.#awaited.set(address, false, ASK_AGAIN_MS);
    return Math.max(this.#places(destination) - destination.active, 1);
  }

  /** Spreads waiting parcels over the time in which the destination can serve them. */
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
      // Deliveries that began before the pause are part of the same failure.
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

  /** @returns 0 if it is not paused */
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

  /** The one known for longest that is not in use. */
  #forgetOne(): void {
    for (const [address, { active }] of this.#known) {
      if (active === 0) {
        this.#known.delete(address);
        return;
      }
    }
  }
}
