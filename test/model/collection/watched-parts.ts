import { Budget } from '#bounds/budget.ts';
import type { Clock } from '#clock/clock.ts';

/** One collection's view of the shared budget, which counts what it reserves. */
export class WatchedBudget extends Budget {
  readonly #shared: Budget;
  /** Parcels for which octets are reserved, or awaited. */
  parcels = 0;
  /** Octets reserved or awaited. */
  octets = 0;
  reservedOctets = 0;

  constructor(shared: Budget) {
    super(1);
    this.#shared = shared;
  }

  override async acquire(octets: number, signal: AbortSignal): Promise<() => void> {
    this.#count(octets, 1);
    try {
      return this.#watch(octets, await this.#shared.acquire(octets, signal));
    } catch (error) {
      this.#count(octets, -1);
      throw error;
    }
  }

  override tryAcquire(octets: number): (() => void) | null {
    const release = this.#shared.tryAcquire(octets);
    if (release) {
      this.#count(octets, 1);
    }
    return release && this.#watch(octets, release);
  }

  #watch(octets: number, release: () => void): () => void {
    this.reservedOctets += octets;
    let released = false;
    return () => {
      if (!released) {
        released = true;
        this.#count(octets, -1);
        this.reservedOctets -= octets;
        release();
      }
    };
  }

  #count(octets: number, sign: 1 | -1): void {
    this.parcels += sign;
    this.octets += sign * octets;
  }
}

/** A clock that knows how many of its calls are still to come. */
export class WatchedClock implements Clock {
  readonly #clock: Clock;
  /** When each is due. */
  readonly #scheduled = new Map<object, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get scheduledCount(): number {
    return this.#scheduled.size;
  }

  /** When the next is due; never, if there is none. */
  get nextDueMs(): number {
    return Math.min(...this.#scheduled.values());
  }

  now(): Date {
    return this.#clock.now();
  }

  elapsedMs(): number {
    return this.#clock.elapsedMs();
  }

  schedule(delayMs: number, action: () => void): () => void {
    const scheduled = {};
    this.#scheduled.set(scheduled, this.#clock.elapsedMs() + delayMs);
    const cancel = this.#clock.schedule(delayMs, () => {
      this.#scheduled.delete(scheduled);
      action();
    });
    return () => {
      this.#scheduled.delete(scheduled);
      cancel();
    };
  }
}
