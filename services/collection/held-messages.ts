/** The octets that one connection holds. */
export interface Holding {
  /** @param octets - all that it holds now */
  set(octets: number): void;
  /** It holds nothing any more. Safe to repeat. */
  leave(): void;
}

interface Entry {
  octets: number;
  readonly onPushedOut: () => void;
}

/**
 * Limits the octets of unprocessed messages over all connections. Above it, the largest holder must
 * go, which an honest client with a few KiB never is.
 */
export class HeldMessages {
  readonly #maxOctets: number;
  /** Those that hold octets. */
  readonly #entries = new Set<Entry>();
  #heldOctets = 0;

  constructor(maxOctets: number) {
    this.#maxOctets = maxOctets;
  }

  get heldOctets(): number {
    return this.#heldOctets;
  }

  /** @param onPushedOut - called once, when the connection must go; it holds nothing then */
  enter(onPushedOut: () => void): Holding {
    const entry: Entry = { octets: 0, onPushedOut };
    let hasLeft = false;
    return {
      set: (octets) => {
        if (!hasLeft) {
          this.#set(entry, octets);
          this.#makeRoom();
        }
      },
      leave: () => {
        hasLeft = true;
        this.#set(entry, 0);
      },
    };
  }

  #set(entry: Entry, octets: number): void {
    this.#heldOctets += octets - entry.octets;
    entry.octets = octets;
    if (octets > 0) {
      this.#entries.add(entry);
    } else {
      this.#entries.delete(entry);
    }
  }

  #makeRoom(): void {
    while (this.#heldOctets > this.#maxOctets) {
      let most: Entry | null = null;
      for (const entry of this.#entries) {
        most = most && most.octets >= entry.octets ? most : entry;
      }
      if (!most) {
        return;
      }
      this.#set(most, 0);
      most.onPushedOut();
    }
  }
}
