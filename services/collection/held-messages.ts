import { FairShares, type Share, type Who } from '#bounds/fair-shares.ts';

/** A connection that holds octets. */
interface Holder {
  /** Of its client. */
  readonly network: Who;
  /** Called once if the connection must go; it holds nothing then. */
  cut(): void;
}

interface Held {
  readonly share: Share;
  octets: number;
}

/**
 * Limits the octets of unprocessed messages over all connections. Above it, the largest holder of
 * the network with the most must go, which an honest client with a few KiB hardly ever is.
 */
export class HeldMessages {
  readonly #shares: FairShares;
  /** Those that hold octets. */
  readonly #held = new Map<Holder, Held>();
  /** Names connections in their network. */
  #names = 0;

  /** @param onGivenWay - called when a connection must go; whether not its network held too much */
  constructor(maxOctets: number, onGivenWay: (isNarrowest: boolean) => void) {
    this.#shares = new FairShares({
      capacity: maxOctets,
      onGivenWay: (isNarrowest) => onGivenWay(isNarrowest),
    });
  }

  get heldOctets(): number {
    return this.#shares.held;
  }

  /** @param octets - all that the connection holds now */
  set(holder: Holder, octets: number): void {
    const held = this.#held.get(holder);
    const more = octets - (held?.octets ?? 0);
    if (held && more > 0) {
      this.#grow(holder, held, more);
    } else if (more !== 0) {
      this.#release(holder);
      this.#take(holder, octets);
    }
  }

  #grow(holder: Holder, held: Held, more: number): void {
    if (held.share.grow(more)) {
      held.octets += more;
    } else {
      this.#release(holder);
      holder.cut();
    }
  }

  #take(holder: Holder, octets: number): void {
    if (octets === 0) {
      return;
    }
    const who = [...holder.network, `${this.#names++}`];
    const share = this.#shares.take(who, octets, () => {
      this.#held.delete(holder);
      holder.cut();
    });
    if (share) {
      this.#held.set(holder, { share, octets });
    } else {
      holder.cut();
    }
  }

  #release(holder: Holder): void {
    this.#held.get(holder)?.share.release();
    this.#held.delete(holder);
  }
}
