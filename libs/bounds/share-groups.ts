import type { Share, Who } from './fair-shares.ts';
import { type Ranked, Ranking } from './ranking.ts';

/** What those under one name hold. */
export class Group implements Ranked {
  rank = 0;
  /** When its idlest share was touched, so that of equals the idlest gives way. */
  order = 0;
  readonly #parent: Group | null;
  readonly #name: string;
  #held = 0;
  /** What of it may give way. */
  #loose = 0;
  /** Shares and groups in it. */
  #members = 0;
  /** Made once needed, as many groups have none. */
  #groups: Map<string, Group> | null = null;
  #bySize: Ranking<Group> | null = null;
  /** The first and the last of those that may give way, and would make room, by idleness. */
  #first: HeldShare | null = null;
  #last: HeldShare | null = null;

  constructor(parent: Group | null, name: string) {
    this.#parent = parent;
    this.#name = name;
  }

  get held(): number {
    return this.#held;
  }

  /** One where nothing may give way is no use, however much it holds. */
  get weight(): number {
    return this.#loose > 0 ? this.#held : 0;
  }

  /** Whether there are no groups in it, but shares. */
  get isNarrowest(): boolean {
    return this.#groups === null || this.#groups.size === 0;
  }

  /** The largest where something may give way. */
  get largest(): Group | undefined {
    const heaviest = this.#bySize?.heaviest;
    return heaviest && heaviest.weight > 0 ? heaviest : undefined;
  }

  /** The names that lead to it. */
  get who(): Who {
    return this.#parent ? [...this.#parent.who, this.#name] : [];
  }

  get(name: string): Group | undefined {
    return this.#groups?.get(name);
  }

  within(who: Who): Group {
    let group: Group = this;
    for (const name of who) {
      group = group.get(name) ?? group.#open(name);
    }
    return group;
  }

  /** Undefined if none may give way. */
  get idlest(): HeldShare | undefined {
    let group: Group = this;
    while (group.largest) {
      group = group.largest;
    }
    return group.#first ?? undefined;
  }

  enter(): void {
    this.#members += 1;
  }

  leave(): void {
    this.#members -= 1;
    if (this.#members === 0 && this.#parent) {
      this.#parent.#close(this);
    }
  }

  /** Adds a share after all others, or moves it there; call {@link change} as well. */
  touch(share: HeldShare): void {
    if (share === this.#last) {
      return;
    }
    this.forget(share);
    share.previous = this.#last;
    if (this.#last) {
      this.#last.next = share;
    }
    this.#last = share;
    this.#first ??= share;
  }

  /** Takes it out, if it is there. */
  forget(share: HeldShare): void {
    const { previous, next } = share;
    if (previous) {
      previous.next = next;
    } else if (this.#first === share) {
      this.#first = next;
    }
    if (next) {
      next.previous = previous;
    } else if (this.#last === share) {
      this.#last = previous;
    }
    share.previous = null;
    share.next = null;
  }

  /**
   * Call it after the list of shares changed as well.
   *
   * @param loose - what more of it may give way
   */
  change(held: number, loose: number): void {
    this.#held += held;
    this.#loose += loose;
    this.order = this.idlest?.touchedAtMs ?? 0;
    if (this.#parent) {
      this.#parent.#bySize?.moved(this);
      this.#parent.change(held, loose);
    }
  }

  #open(name: string): Group {
    const group = new Group(this, name);
    this.#groups ??= new Map();
    this.#groups.set(name, group);
    this.#bySize ??= new Ranking();
    this.#bySize.add(group);
    this.enter();
    return group;
  }

  #close(group: Group): void {
    this.#groups?.delete(group.#name);
    this.#bySize?.remove(group);
    this.leave();
  }
}

/** What shares ask of whoever divides. */
export interface Divider {
  readonly nowMs: number;
  makeRoom(who: Who, amount: number): boolean;
}

/**
 * A share of the group that it is in. Thousands are held at once, so each is one small object, in a
 * list of its group.
 */
export class HeldShare implements Share {
  /** Neighbours in the group's list. */
  previous: HeldShare | null = null;
  next: HeldShare | null = null;
  readonly #divider: Divider;
  readonly #group: Group;
  readonly #giveWay: () => void;
  #amount = 0;
  #touchedAtMs: number;
  #isKept = false;
  #isHeld = true;

  constructor(divider: Divider, group: Group, giveWay: () => void) {
    this.#divider = divider;
    this.#group = group;
    this.#giveWay = giveWay;
    this.#touchedAtMs = divider.nowMs;
    group.enter();
  }

  get touchedAtMs(): number {
    return this.#touchedAtMs;
  }

  grow(amount: number): boolean {
    // Who grows is not idle, and must not give way to itself.
    this.touch();
    const isGiven = this.#isHeld && this.#divider.makeRoom(this.#group.who, amount) && this.#isHeld;
    if (isGiven) {
      this.add(amount);
    }
    return isGiven;
  }

  /** Takes more, for which there is room. */
  add(amount: number): void {
    this.#amount += amount;
    this.#move();
    this.#group.change(amount, this.#isKept ? 0 : amount);
  }

  touch(): void {
    this.#move();
    if (this.#isLoose) {
      this.#group.change(0, 0);
    }
  }

  #move(): void {
    this.#touchedAtMs = this.#divider.nowMs;
    if (this.#isLoose) {
      this.#group.touch(this);
    }
  }

  keep(): void {
    if (this.#isLoose) {
      this.#group.forget(this);
      this.#group.change(0, -this.#amount);
    }
    this.#isKept = true;
  }

  loosen(): void {
    const wasKept = this.#isKept;
    this.#isKept = false;
    if (wasKept && this.#isLoose) {
      this.#move();
      this.#group.change(0, this.#amount);
    }
  }

  release(): void {
    if (this.#isHeld) {
      this.#group.forget(this);
      this.#group.change(-this.#amount, this.#isLoose ? -this.#amount : 0);
      this.#isHeld = false;
      this.#group.leave();
    }
  }

  giveWay(): void {
    this.release();
    this.#giveWay();
  }

  get #isLoose(): boolean {
    return this.#isHeld && !this.#isKept && this.#amount > 0;
  }
}
