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

/** A connection's claim to a place. */
export interface Place {
  /**
   * Call it once the client has proven who it is. Calls `action` when it may collect: at once, or
   * in its turn.
   *
   * @param nodes - that it collects for, each of which takes memory
   */
  whenGiven(nodes: number, action: () => void): void;
  /** Call it when the connection has ended. */
  leave(): void;
}

interface Claim {
  /** Whether it collects only what there is, which is allowed even while others are held. */
  readonly isBrief: boolean;
  /** Called if it waited too long. */
  readonly onTimeout: () => void;
  /** Called if others need the room before its client has proven who it is; it has left then. */
  readonly onMadeRoom: () => void;
}

interface Entry extends Claim {
  /** Places that it takes. */
  size: number;
  state: 'stranger' | 'waiting' | 'given' | 'left';
  action: () => void;
  cancelTimeout: () => void;
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
  readonly #strangers = new Set<Entry>();
  /** In the order in which they proved who they are. */
  readonly #waiting = new Set<Entry>();
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
   * Lets a stranger in, replacing the oldest if there is no other room.
   *
   * @returns null if those who proved who they are take all the room
   */
  take(claim: Claim): Place | null {
    const { maxCollectors, maxWaiting } = this.#limits;
    const taken = this.#given + this.#waiting.size + this.#strangers.size;
    if (taken >= maxCollectors + maxWaiting && !this.#makeRoom()) {
      return null;
    }
    const entry: Entry = {
      ...claim,
      size: 1,
      state: 'stranger',
      action: () => {},
      cancelTimeout: () => {},
    };
    this.#strangers.add(entry);
    return {
      whenGiven: (nodes, action) => {
        entry.size = Math.min(nodes, maxCollectors);
        entry.action = action;
        this.#admit(entry);
      },
      leave: () => this.#leave(entry),
    };
  }

  #makeRoom(): boolean {
    const [first] = this.#strangers;
    if (first) {
      this.#leave(first);
      first.onMadeRoom();
    }
    return first !== undefined;
  }

  #admit(entry: Entry): void {
    if (entry.state !== 'stranger') {
      return;
    }
    this.#strangers.delete(entry);
    if (this.#mayCollect(entry)) {
      this.#give(entry);
    } else {
      entry.state = 'waiting';
      this.#waiting.add(entry);
      entry.cancelTimeout = this.#clock.schedule(this.#limits.waitingTimeoutMs, entry.onTimeout);
    }
  }

  #mayCollect({ isBrief, size }: Entry): boolean {
    return this.#given + size <= this.#limits.maxCollectors && (isBrief || !this.#isHolding);
  }

  #give(entry: Entry): void {
    this.#waiting.delete(entry);
    entry.cancelTimeout();
    entry.state = 'given';
    this.#given += entry.size;
    entry.action();
  }

  #leave(entry: Entry): void {
    const { state } = entry;
    entry.state = 'left';
    this.#strangers.delete(entry);
    this.#waiting.delete(entry);
    entry.cancelTimeout();
    if (state === 'given') {
      this.#given -= entry.size;
      this.#giveMore();
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
