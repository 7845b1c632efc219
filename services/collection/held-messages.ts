/** A connection that holds octets. */
interface Holder {
  /** Called once if the connection must go; it holds nothing then. */
  cut(): void;
}

/**
 * Limits the octets of unprocessed messages over all connections. Above it, the largest holder must
 * go, which an honest client with a few KiB never is.
 */
export class HeldMessages {
  readonly #maxOctets: number;
  /** Those that hold octets. */
  readonly #holders = new Map<Holder, number>();
  #heldOctets = 0;

  constructor(maxOctets: number) {
    this.#maxOctets = maxOctets;
  }

  get heldOctets(): number {
    return this.#heldOctets;
  }

  /** @param octets - all that the connection holds now */
  set(holder: Holder, octets: number): void {
    this.#heldOctets += octets - (this.#holders.get(holder) ?? 0);
    if (octets > 0) {
      this.#holders.set(holder, octets);
      this.#makeRoom();
    } else {
      this.#holders.delete(holder);
    }
  }

  #makeRoom(): void {
    while (this.#heldOctets > this.#maxOctets) {
      const most = this.#largest();
      if (!most) {
        return;
      }
      this.set(most, 0);
      most.cut();
    }
  }

  #largest(): Holder | null {
    let most: Holder | null = null;
    let mostOctets = 0;
    for (const [holder, octets] of this.#holders) {
      if (octets > mostOctets) {
        most = holder;
        mostOctets = octets;
      }
    }
    return most;
  }
}
