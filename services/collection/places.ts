import type { Clock } from '#clock/clock.ts';

/** Limits on places. */
export interface PlacesLimits {
  /** Connections that collect, each counted once per node that it collects for. */
  readonly maxCollectors: number;
  /** Further connections, which wait for a place or have not proven who they are. */
  readonly maxWaiting: number;
  /** How long to wait for a place. */
  readonly waitingTimeoutMs: number;
}

/** A connection that wants to collect. */
export interface Claimant {
  /** Whether it collects only what there is, which is allowed even while others are held. */
  readonly isBrief: boolean;
  /** It has a place, and may collect. */
  collect(): void;
  /** It waited for a place for too long. */
  goAway(): void;
  /** Others need the room, before its client has proven who it is; it has left. */
  drop(): void;
}

interface Waiting {
  /** Places that it takes. */
  readonly size: number;
  readonly cancelTimeout: () => void;
}

/**
 * Decides who may collect, and who waits for a place. Waiting costs a client seconds; a refused
 * upgrade ends the collection of the deployed Android client for good. Strangers, who have not
 * proven who they are, get only room that nobody else needs.
 */
export class Places {
  readonly #limits: PlacesLimits;
  readonly #clock: Clock;
  /** In order of arrival. */
  readonly #strangers = new Set<Claimant>();
  /** In the order in which they proved who they are. */
  readonly #waiting = new Map<Claimant, Waiting>();
  /** Those that collect, with the places that each takes. */
  readonly #collecting = new Map<Claimant, number>();
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

  /** Gives no more places to those that come to stay; those that have one keep it. */
  hold(): void {
    this.#isHolding = true;
  }

  /** Gives places again after {@link hold}. */
  resume(): void {
    this.#isHolding = false;
    this.#giveMore();
  }

  /**
   * Makes room for one more stranger, in place of the oldest if there is no other.
   *
   * @returns false if those who proved who they are take all the room
   */
  makeRoom(): boolean {
    const { maxCollectors, maxWaiting } = this.#limits;
    const taken = this.#given + this.#waiting.size + this.#strangers.size;
    if (taken < maxCollectors + maxWaiting) {
      return true;
    }
    const [oldest] = this.#strangers;
    if (oldest) {
      this.#strangers.delete(oldest);
      oldest.drop();
    }
    return oldest !== undefined;
  }

  /** Lets a stranger in, at once after {@link makeRoom}. */
  enter(claimant: Claimant): void {
    this.#strangers.add(claimant);
  }

  /**
   * Call it once the client has proven who it is: it may collect at once, or in its turn.
   *
   * @param nodes - that it collects for, each of which takes memory
   */
  admit(claimant: Claimant, nodes: number): void {
    if (!this.#strangers.delete(claimant)) {
      return;
    }
    const size = Math.min(nodes, this.#limits.maxCollectors);
    if (this.#mayCollect(claimant, size)) {
      this.#give(claimant, size);
    } else {
      const { waitingTimeoutMs } = this.#limits;
      const cancelTimeout = this.#clock.schedule(waitingTimeoutMs, () => claimant.goAway());
      this.#waiting.set(claimant, { size, cancelTimeout });
    }
  }

  /** Call it when the connection has ended. Safe to repeat. */
  leave(claimant: Claimant): void {
    this.#strangers.delete(claimant);
    this.#endWaiting(claimant);
    const size = this.#collecting.get(claimant);
    if (size !== undefined) {
      this.#collecting.delete(claimant);
      this.#given -= size;
      this.#giveMore();
    }
  }

  #mayCollect({ isBrief }: Claimant, size: number): boolean {
    return this.#given + size <= this.#limits.maxCollectors && (isBrief || !this.#isHolding);
  }

  #give(claimant: Claimant, size: number): void {
    this.#endWaiting(claimant);
    this.#collecting.set(claimant, size);
    this.#given += size;
    claimant.collect();
  }

  #endWaiting(claimant: Claimant): void {
    this.#waiting.get(claimant)?.cancelTimeout();
    this.#waiting.delete(claimant);
  }

  #giveMore(): void {
    for (const [claimant, { size }] of this.#waiting) {
      if (this.#mayCollect(claimant, size)) {
        this.#give(claimant, size);
      }
    }
  }
}
