import { FairShares, type Share, type Who } from '#bounds/fair-shares.ts';
import { Recent } from '#bounds/recent.ts';
import type { Clock } from '#clock/clock.ts';

interface CallPlacesParts {
  /** Calls at once. */
  readonly capacity: number;
  /** After which a call that stood still gives way to any other. */
  readonly idle: { readonly clock: Clock; readonly afterMs: number };
  /** Calls at once for one private gateway, from wherever; one more ends the oldest. */
  readonly mostForOneGateway: number;
  /** Called when a call gives way, with whether its network or it by itself held too much. */
  readonly onGivenWay: (who: 'network' | 'client') => void;
}

/**
 * The places for calls of one method, divided by who calls: by network, and within it by
 * connection, or by private gateway once that is known. Calls that said nothing yet give way to
 * newcomers of their own network, too.
 */
export class CallPlaces {
  readonly #parts: CallPlacesParts;
  readonly #shares: FairShares;
  readonly #byGateway = new Map<string, Recent>();
  /** Functions that end calls that said nothing yet, by network and in order of arrival. */
  readonly #silent = new Map<string, Set<() => void>>();

  constructor(parts: CallPlacesParts) {
    this.#parts = parts;
    this.#shares = new FairShares({
      ...parts,
      onGivenWay: (isNarrowest) => parts.onGivenWay(isNarrowest ? 'client' : 'network'),
    });
  }

  /**
   * @param who - network and connection
   * @param onGivenWay - called at most once, when another call gets the place; must not throw
   * @returns null if `who` has as many as anybody, and there is none left
   */
  enter(who: Who, onGivenWay: () => void): CallPlace | null {
    const shares = this.#shares;
    const giveWay = () => {
      place?.leave();
      onGivenWay();
    };
    const network = who.slice(0, -1).join();
    const share = shares.take(who, 1, giveWay) ?? this.#takeFromSilent(network, who, giveWay);
    const place =
      share &&
      new CallPlace(share, {
        takeAs: (name) => shares.take(who.with(-1, name), 1, giveWay),
        enterFor: (gateway) => this.#enterFor(gateway, giveWay),
        leaveSilent: this.#enterSilent(network, giveWay),
      });
    return place;
  }

  #takeFromSilent(network: string, who: Who, giveWay: () => void): Share | null {
    const [endSilent] = this.#silent.get(network) ?? [];
    if (!endSilent) {
      return null;
    }
    this.#parts.onGivenWay('client');
    endSilent();
    return this.#shares.take(who, 1, giveWay);
  }

  #enterSilent(network: string, giveWay: () => void): () => void {
    const silent = this.#silent.get(network) ?? new Set();
    this.#silent.set(network, silent.add(giveWay));
    return () => {
      silent.delete(giveWay);
      if (silent.size === 0 && this.#silent.get(network) === silent) {
        this.#silent.delete(network);
      }
    };
  }

  #enterFor(gateway: string, giveWay: () => void): () => void {
    const calls = this.#byGateway.get(gateway) ?? new Recent(this.#parts.mostForOneGateway);
    this.#byGateway.set(gateway, calls);
    const leave = calls.enter(() => {
      this.#parts.onGivenWay('client');
      giveWay();
    });
    return () => {
      leave();
      if (calls.size === 0 && this.#byGateway.get(gateway) === calls) {
        this.#byGateway.delete(gateway);
      }
    };
  }
}

interface CallPlaceParts {
  readonly takeAs: (name: string) => Share | null;
  readonly enterFor: (gateway: string) => () => void;
  /** Safe to repeat. */
  readonly leaveSilent: () => void;
}

/** A call's place; it counts until it is left. */
export class CallPlace {
  readonly #parts: CallPlaceParts;
  #share: Share;
  #leaveGateway = () => {};
  #isLeft = false;

  constructor(share: Share, parts: CallPlaceParts) {
    this.#share = share;
    this.#parts = parts;
  }

  /** Shows that the call gets on, so that others of its holder end before it. */
  touch(): void {
    this.#parts.leaveSilent();
    this.#share.touch();
  }

  /**
   * Counts the call for a private gateway instead of its connection: one phone with many connections
   * gives way before other phones of its network. Call it once.
   *
   * @param gateway - that proved who it is
   */
  countFor(gateway: string): void {
    if (this.#isLeft) {
      return;
    }
    this.#share.release();
    // There is room, as one was just released.
    this.#share = this.#parts.takeAs(`gateway ${gateway}`) as Share;
    this.#share.touch();
    this.#leaveGateway = this.#parts.enterFor(gateway);
  }

  /** Safe to repeat. */
  leave(): void {
    this.#isLeft = true;
    this.#parts.leaveSilent();
    this.#share.release();
    this.#leaveGateway();
  }
}
