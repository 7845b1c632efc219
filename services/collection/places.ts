import type { Clock } from '#clock/clock.ts';

export interface PlacesLimits {
  /** Connections that may collect at once, one that does so for several nodes counted as so many. */
  readonly maxCollectors: number;
  /** Connections besides, that wait for one of them to end or have not said who they are. */
  readonly maxWaiting: number;
  /** Longest time to wait. */
  readonly waitingTimeoutMs: number;
}

/** A connection's claim to collect. */
export interface Place {
  /**
   * To be called once its client has said who it is. Calls `action` once it may collect: at once, or in its turn.
   *
   * @param nodes - for which it collects, each of which takes memory
   */
  whenGiven(nodes: number, action: () => void): void;
  /** To be called when the connection has ended. */
  leave(): void;
}

interface Claim {
  /** Whether the connection collects only what there is, which is let happen even while others are held. */
  readonly isBrief: boolean;
  /** Called if it waited for too long. */
  readonly onTimeout: () => void;
  /** Called if others need the room before its client has said who it is; it has left then. */
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
 * Who may collect, and who waits in turn for a place. Waiting costs a client seconds; an upgrade that is
 * refused ends the collection of the deployed Android client for good. Strangers, who have not said who they
 * are, take only the room that nobody else needs.
 */
export class Places {
  readonly #limits: PlacesLimits;
  readonly #clock: Clock;
  /** In the order in which they came. */
  readonly #strangers = new Set<Entry>();
  /** In the order in which they said who they are. */
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
   * Lets a stranger in, in place of the one that came first if there is no room otherwise.
   *
   * @returns null if all the room is taken by those who said who they are
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
