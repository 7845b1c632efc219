import type { Clock } from '#clock/clock.ts';

export interface DestinationLimits {
  /** Parcels on their way to one destination at once. */
  readonly maxConcurrent: number;
  /** Failures in a row after which a destination is left alone. */
  readonly failuresToPause: number;
  /** The first pause; each further failure doubles it, up to `maxPauseMs`. */
  readonly minPauseMs: number;
  readonly maxPauseMs: number;
  /** Destinations remembered at once. */
  readonly maxTracked: number;
}

/** What a delivery told about its destination; `unknown` if it was not even asked. */
export type DestinationVerdict = 'up' | 'down' | 'unknown';

export interface Admission {
  /**
   * To be called once, when the delivery is over.
   *
   * @param pauseMs - how long the destination asked to be left alone
   */
  end(verdict: DestinationVerdict, pauseMs?: number | null): void;
}

interface Destination {
  active: number;
  /** In a row. */
  failures: number;
  pausedUntilMs: number;
  /** When the next of those that were sent away may come back. */
  nextTurnMs: number;
  /** Moving average of how long a delivery takes. */
  meanMs: number;
}

const INITIAL_MEAN_MS = 500;
/** Weight of the newest delivery in the average. */
const MEAN_WEIGHT = 0.2;
/** Nobody is sent away for longer than this because of others that wait. */
const MAX_TURN_MS = 60_000;

/**
 * Sees to it that no destination gets more than its share of deliveries, and that
 * one that does not answer is left alone for growing times, tried by one parcel at
 * a time until it answers again. Whoever may not go now is told when to come back,
 * and holds nothing meanwhile.
 */
export class Destinations {
  readonly #clock: Clock;
  readonly #limits: DestinationLimits;
  readonly #random: () => number;
  readonly #known = new Map<string, Destination>();

  /** @param random - from 0 to below 1 */
  constructor(clock: Clock, limits: DestinationLimits, random: () => number = Math.random) {
    this.#clock = clock;
    this.#limits = limits;
    this.#random = random;
  }

  /** How many destinations are remembered: those in use, in trouble, or overrun. */
  get tracked(): number {
    return this.#known.size;
  }

  /** @returns the admission, or when to ask again */
  admit(address: string): Admission | Date {
    const destination = this.#known.get(address) ?? this.#track(address);
    const nowMs = this.#clock.now().getTime();
    if (nowMs < destination.pausedUntilMs) {
      return this.#turnAfter(destination, destination.pausedUntilMs);
    }
    const isOnTrial = destination.failures >= this.#limits.failuresToPause;
    const limit = isOnTrial ? 1 : this.#limits.maxConcurrent;
    if (destination.active >= limit) {
      return this.#turnAfter(destination, nowMs);
    }
    destination.active++;
    return {
      end: (verdict, pauseMs = null) => {
        destination.active--;
        this.#learn(destination, verdict, nowMs);
        if (pauseMs !== null) {
          this.#pause(destination, Math.min(pauseMs, this.#limits.maxPauseMs));
        }
        this.#forgetIfIdle(address, destination);
      },
    };
  }

  #track(address: string): Destination {
    if (this.#known.size >= this.#limits.maxTracked) {
      this.#forgetOne();
    }
    const destination: Destination = {
      active: 0,
      failures: 0,
      pausedUntilMs: 0,
      nextTurnMs: 0,
      meanMs: INITIAL_MEAN_MS,
    };
    this.#known.set(address, destination);
    return destination;
  }

  /** Spreads those who wait over the time in which the destination can serve them. */
  #turnAfter(destination: Destination, earliestMs: number): Date {
    const latestMs = earliestMs + MAX_TURN_MS;
    const stepMs = destination.meanMs / this.#limits.maxConcurrent;
    destination.nextTurnMs = Math.min(
      Math.max(destination.nextTurnMs, earliestMs) + stepMs,
      latestMs,
    );
    return new Date(Math.ceil(destination.nextTurnMs));
  }

  #learn(destination: Destination, verdict: DestinationVerdict, startedAtMs: number): void {
    if (verdict === 'up') {
      const tookMs = this.#clock.now().getTime() - startedAtMs;
      destination.meanMs += (tookMs - destination.meanMs) * MEAN_WEIGHT;
      destination.failures = 0;
      destination.pausedUntilMs = 0;
    } else if (verdict === 'down') {
      destination.failures++;
      const { failuresToPause, minPauseMs, maxPauseMs } = this.#limits;
      const excess = destination.failures - failuresToPause;
      if (excess >= 0) {
        const pauseMs = Math.min(minPauseMs * 2 ** Math.min(excess, 30), maxPauseMs);
        this.#pause(destination, pauseMs * (0.75 + 0.25 * this.#random()));
      }
    }
  }

  #pause(destination: Destination, pauseMs: number): void {
    const untilMs = this.#clock.now().getTime() + pauseMs;
    destination.pausedUntilMs = Math.max(destination.pausedUntilMs, untilMs);
  }

  #forgetIfIdle(address: string, destination: Destination): void {
    const nowMs = this.#clock.now().getTime();
    const isAtRest = destination.active === 0 && destination.failures === 0;
    const isFree = destination.pausedUntilMs <= nowMs && destination.nextTurnMs <= nowMs;
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
