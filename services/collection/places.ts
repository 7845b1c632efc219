import type { NodeId } from '#awala/node-id.ts';
import { FairShares, type Share, type Who } from '#bounds/fair-shares.ts';
import { Recent } from '#bounds/recent.ts';
import type { Clock } from '#clock/clock.ts';

/** The names in a network of those who have not proven who they are; no node's id. */
const STRANGERS = 'strangers';
/** Of those who have, and have no place yet; no node's id either. */
const WAITING = 'waiting';
/** Without a pong for longer, one gives way to another that has as little; pinged every 5 s. */
const IDLE_MS = 8_000;
/** Those who gave way and have not gone yet; the first is cut for another. */
const MOST_LEAVING = 500;

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
  /**
   * Of its client; once it has proven that it is an established private gateway, the id of that, which
   * then counts as a network of its own.
   */
  readonly network: Who;
  /** Whether it collects only what there is, which is allowed even while others are held. */
  readonly isBrief: boolean;
  /** It has a place, and may collect. */
  collect(): void;
  /** It waited for a place for too long, or others who have less need its place. */
  goAway(): void;
  /** Others need the room, before its client has proven who it is. */
  drop(): void;
  /** It was asked to go and took too long. */
  cut(): void;
}

/**
 * Decides who may collect, and who waits for a place. Waiting costs a client seconds; a refused
 * upgrade ends the collection of the deployed Android client for good.
 *
 * While there is room, anybody may use it. Once there is none, places are divided by network, and
 * within each by private gateway. An established private gateway counts as a network of its own,
 * wherever it is, so that its neighbours cannot keep it out. Strangers, who have not proven who they
 * are, share what nobody collects in with those who wait, half for each in their network, so that who
 * waits with many keys keeps nobody from proving who they are. Whoever has the most gives way to those
 * who have less; a client that comes again takes the place of its own older connection.
 */
export class Places {
  readonly #limits: PlacesLimits;
  readonly #clock: Clock;
  /** How strangers and those that wait share what is not given. */
  readonly #roomOptions: { capacity: number };
  readonly #room: FairShares;
  readonly #places: FairShares;
  /** In the order in which they proved who they are; with what ends their time-out. */
  readonly #waiting = new Map<Place, () => void>();
  /** Those who gave way. */
  readonly #leaving = new Recent(MOST_LEAVING);
  #isHolding = false;

  /** @param onGivenWay - called when one gives way; whether not its network had too many */
  constructor(limits: PlacesLimits, clock: Clock, onGivenWay: (isNarrowest: boolean) => void) {
    const { maxCollectors, maxWaiting } = limits;
    const options = {
      idle: { afterMs: IDLE_MS, clock },
      renews: true,
      onGivenWay: (isNarrowest: boolean) => onGivenWay(isNarrowest),
    };
    this.#limits = limits;
    this.#clock = clock;
    this.#roomOptions = { ...options, capacity: maxCollectors + maxWaiting };
    this.#room = new FairShares(this.#roomOptions);
    this.#places = new FairShares({ ...options, capacity: maxCollectors });
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
   * Makes room for one more stranger from a network, if need be in place of others.
   *
   * @returns false if nobody has more than it would
   */
  makeRoom(network: Who): boolean {
    return this.#room.makeRoom(strangersOf(network), 1);
  }

  /** Lets a stranger in, at once after {@link makeRoom}. */
  enter(claimant: Claimant): Place {
    const place = new Place(claimant);
    place.share = this.#room.take(place.who, 1, () => {
      place.share = null;
      claimant.drop();
    });
    return place;
  }

  /**
   * Call it once the client has proven who it is: it may collect at once, or in its turn.
   *
   * @param nodes - that it collects for, each of which takes memory; at least one
   */
  admit(place: Place, nodes: readonly NodeId[]): void {
    if (!place.share) {
      return;
    }
    place.share.release();
    place.nodes = nodes;
    if (!this.#give(place)) {
      const who = [...place.claimant.network, WAITING, ...nodes.slice(0, 1)];
      place.share = this.#room.take(who, 1, () => this.#sendAway(place));
      const { waitingTimeoutMs } = this.#limits;
      const whenLate = () => place.claimant.goAway();
      this.#waiting.set(place, this.#clock.schedule(waitingTimeoutMs, whenLate));
    }
  }

  /** Call it when the connection has ended. Safe to repeat. */
  leave(place: Place): void {
    place.hasGone();
    this.#endWaiting(place);
    place.share?.release();
    place.share = null;
    if (place.isGiven) {
      this.#takeBack(place);
    }
    this.#giveMore();
  }

  /** @returns false if it must wait */
  #give(place: Place): boolean {
    if (this.#isHolding && !place.claimant.isBrief) {
      return false;
    }
    const size = Math.min(place.nodes.length, this.#limits.maxCollectors);
    const share = this.#places.take(place.who, size, () => {
      this.#takeBack(place);
      this.#sendAway(place);
    });
    if (share) {
      this.#endWaiting(place);
      place.share?.release();
      place.share = share;
      place.isGiven = true;
      this.#roomOptions.capacity -= 1;
      place.claimant.collect();
    }
    return share !== null;
  }

  #takeBack(place: Place): void {
    place.isGiven = false;
    this.#roomOptions.capacity += 1;
  }

  #sendAway(place: Place): void {
    place.share = null;
    this.#endWaiting(place);
    place.hasGone = this.#leaving.enter(() => place.claimant.cut());
    place.claimant.goAway();
  }

  #endWaiting(place: Place): void {
    this.#waiting.get(place)?.();
    this.#waiting.delete(place);
  }

  #giveMore(): void {
    for (const place of this.#waiting.keys()) {
      this.#give(place);
    }
  }
}

function strangersOf(network: Who): Who {
  return [...network, STRANGERS];
}

const NO_NODES: readonly NodeId[] = [];
const nothing = () => {};

/** A claimant's, kept by {@link Places}. */
export class Place {
  readonly claimant: Claimant;
  /** Of the room or the places; null once it was given up. */
  share: Share | null = null;
  /** Those that it collects for; none for a stranger. */
  nodes = NO_NODES;
  isGiven = false;
  /** Call it once its connection has ended, in case it was asked to go. */
  hasGone = nothing;

  constructor(claimant: Claimant) {
    this.claimant = claimant;
  }

  get who(): Who {
    const { network } = this.claimant;
    const [node] = this.nodes;
    return node === undefined ? strangersOf(network) : network.concat(node);
  }

  /** Shows that the client is there; strangers have to prove who they are instead. */
  touch(): void {
    if (this.nodes !== NO_NODES) {
      this.share?.touch();
    }
  }
}
