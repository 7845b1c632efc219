import type { Clock } from '#clock/clock.ts';

export interface PlacesLimits {
  /** Connections that may collect at once. */
  readonly maxCollectors: number;
  /** Connections that may wait for one of them to end. */
  readonly maxWaiting: number;
  /** Longest time to wait. */
  readonly waitingTimeoutMs: number;
}

/** A connection's claim to collect. */
export interface Place {
  /** Calls `action` once the connection may collect: at once, or in its turn. To be called once. */
  whenGiven(action: () => void): void;
  /** To be called when the connection has ended. */
  leave(): void;
}

interface Waiting {
  readonly isBrief: boolean;
  isGiven: boolean;
  action: (() => void) | null;
  cancelTimeout: () => void;
}

/**
 * Who may collect, and who waits in turn for a place. Waiting costs a client seconds; an upgrade that is
 * refused ends the collection of the deployed Android client for good.
 */
export class Places {
  readonly #limits: PlacesLimits;
  readonly #clock: Clock;
  /** In the order in which they came. */
  readonly #waiting = new Set<Waiting>();
  #given = 0;
  #isHolding = false;

  constructor(limits: PlacesLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Connections that wait now. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** From now on nobody who comes to stay is given a place; whoever has one keeps it. */
  hold(): void {
    this.#isHolding = true;
  }

  /** Gives places again after {@link hold}. */
  resume(): void {
    this.#isHolding = false;
    this.#giveMore();
  }

  /**
   * @param isBrief - whether the connection collects only what there is, which is let happen even while others are held
   * @param onTimeout - called if it waited for too long
   * @returns null if there is no room even to wait
   */
  take(isBrief: boolean, onTimeout: () => void): Place | null {
    const { maxCollectors, maxWaiting, waitingTimeoutMs } = this.#limits;
    if (this.#given + this.#waiting.size >= maxCollectors + maxWaiting) {
      return null;
    }
    const entry: Waiting = { isBrief, isGiven: false, action: null, cancelTimeout: () => {} };
    if (this.#mayCollect(entry)) {
      this.#give(entry);
    } else {
      this.#waiting.add(entry);
      entry.cancelTimeout = this.#clock.schedule(waitingTimeoutMs, onTimeout);
    }
    return {
      whenGiven: (action) => {
        entry.action = action;
        if (entry.isGiven) {
          action();
        }
      },
      leave: () => this.#leave(entry),
    };
  }

  #mayCollect({ isBrief }: Waiting): boolean {
    return this.#given < this.#limits.maxCollectors && (isBrief || !this.#isHolding);
  }

  #give(entry: Waiting): void {
    this.#waiting.delete(entry);
    entry.cancelTimeout();
    entry.isGiven = true;
    this.#given++;
    entry.action?.();
  }

  #leave(entry: Waiting): void {
    if (entry.isGiven) {
      this.#given--;
      this.#giveMore();
    } else {
      this.#waiting.delete(entry);
      entry.cancelTimeout();
    }
  }

  #giveMore(): void {
    for (const entry of this.#waiting) {
      if (this.#mayCollect(entry)) {
        this.#give(entry);
      }
    }
  }
}
