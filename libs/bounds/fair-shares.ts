import type { Clock } from '#clock/clock.ts';
import { type Divider, Group, HeldShare } from './share-groups.ts';

/**
 * Who holds something: from the widest group that it counts for, such as a network, to the
 * narrowest, such as a connection. Paths may differ in length, but none may begin another.
 */
export type Who = readonly string[];

/** A part of what is shared; it counts until it is released. */
export interface Share {
  /**
   * Takes `amount` more, if need be from those who hold more.
   *
   * @returns false, and takes nothing, if it would be too much for its holder, or if the share is
   *   no longer held
   */
  grow(amount: number): boolean;
  /** Shows that its holder gets on, so that others of the same holder go before it. */
  touch(): void;
  /** From now on it counts as before, but gives way to nobody. */
  keep(): void;
  /** From now on it gives way again. */
  loosen(): void;
  /** Safe to repeat, and after it has given way. */
  release(): void;
}

interface FairSharesOptions {
  /** How much there is; at least 1. Asked each time, so it may change. */
  readonly capacity: number;
  /**
   * How long a share must not have been touched to give way even to one that holds as much: another
   * of its own group, for instance. Never by default.
   */
  readonly idle?: { readonly afterMs: number; readonly clock: Clock };
  /**
   * Whether who comes again, under all the same names, takes the place of their own idlest share
   * where nobody holds more, however lively that is. Not for shares that grow. False by default.
   */
  readonly renews?: boolean;
  /** Called for each share that gives way, with whether the narrowest name held too much. */
  readonly onGivenWay?: (isNarrowest: boolean) => void;
}

/**
 * Divides what is bounded by who wants it.
 *
 * While there is room, anybody may take any of it. Once there is none, whoever holds less than the
 * largest holder gets what they ask for, and the share of the largest holder that was idle longest
 * gives way: among the widest groups first, then within the asker's own group, and so on. So nobody
 * is refused who would hold no more than an equal share of it, and opening a thousand
 * connections, or making a thousand keys, takes from one's own group only. Where all hold the same,
 * one that is idle gives way to a newcomer, the idlest of all first.
 *
 * Taking and releasing cost O(log n) at each depth.
 */
export class FairShares implements Divider {
  readonly #options: FairSharesOptions;
  readonly #all = new Group(null, '');

  constructor(options: FairSharesOptions) {
    this.#options = options;
  }

  /** What is held in all; never more than the capacity. */
  get held(): number {
    return this.#all.held;
  }

  /** What those hold together whose names begin with these. */
  heldBy(who: Who): number {
    let group: Group | undefined = this.#all;
    for (const name of who) {
      group = group?.get(name);
    }
    return group?.held ?? 0;
  }

  /**
   * Takes `amount`, if need be from those who hold more.
   *
   * @param who - one name at least
   * @param amount - 0 for a share that is to grow
   * @param giveWay - called at most once, when the share has gone to somebody else; it must neither
   *   take anything nor throw
   * @returns null if it would be too much for `who`
   */
  take(who: Who, amount: number, giveWay: () => void): Share | null {
    if (!this.makeRoom(who, amount)) {
      return null;
    }
    const share = new HeldShare(this, this.#all.within(who), giveWay);
    share.add(amount);
    return share;
  }

  /** For {@link Share}. */
  get nowMs(): number {
    return this.#options.idle?.clock.elapsedMs() ?? 0;
  }

  /** For {@link Share}. */
  makeRoom(who: Who, amount: number): boolean {
    while (this.#all.held + amount > this.#options.capacity) {
      const group = this.#whoGivesWay(who, amount);
      if (!group) {
        return false;
      }
      this.#options.onGivenWay?.(group.isNarrowest);
      group.idlest?.giveWay();
    }
    return true;
  }

  /** @returns null if nobody holds so much that they must give way to `who` */
  #whoGivesWay(who: Who, amount: number): Group | null {
    let group = this.#all;
    for (const name of who) {
      const own = group.get(name);
      const { largest } = group;
      if (largest && largest !== own && this.#mustGiveWay(largest, (own?.held ?? 0) + amount)) {
        return largest;
      }
      if (!own) {
        return null;
      }
      group = own;
    }
    const isRenewed = this.#options.renews && group.idlest !== undefined;
    return isRenewed || this.#isIdle(group) ? group : null;
  }

  #mustGiveWay(group: Group, toHeld: number): boolean {
    return group.held > toHeld || (group.held === toHeld && this.#isIdle(group));
  }

  #isIdle({ idlest }: Group): boolean {
    const { idle } = this.#options;
    return (
      idle !== undefined && idlest !== undefined && this.nowMs - idlest.touchedAtMs >= idle.afterMs
    );
  }
}
