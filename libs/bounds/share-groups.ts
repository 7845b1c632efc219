import type { Share, Who } from './fair-shares.ts';
import { type Ranked, Ranking } from './ranking.ts';

/** What those under one name hold. */
export class Group implements Ranked {
  rank = 0;
  readonly depth: number;
  readonly #parent: Group | null;
  readonly #name: string;
  #held = 0;
  /** What of it may give way. */
  #loose = 0;
  /** Shares and groups in it. */
  #members = 0;
  /** Made once needed, as many groups have none. */
  #groups: Map<string, Group> | null = null;
  readonly #bySize = new Ranking<Group>();
  /** Those that may give way, and would make room; the idlest first. */
  readonly #shares = new Set<HeldShare>();

  constructor(parent: Group | null, name: string) {
    this.#parent = parent;
    this.#name = name;
    this.depth = parent ? parent.depth + 1 : 0;
  }

  get held(): number {
    return this.#held;
  }

  /** One where nothing may give way is no use, however much it holds. */
  get weight(): number {
    return this.#loose > 0 ? this.#held : 0;
  }

  /** By when its idlest share was touched, so that of equals the idlest gives way. */
  get order(): number {
    return this.idlest?.touchedAtMs ?? 0;
  }

  /** Whether there are no groups in it, but shares. */
  get isNarrowest(): boolean {
    return this.#bySize.size === 0;
  }

  /** The largest where something may give way. */
  get largest(): Group | undefined {
    const { heaviest } = this.#bySize;
    return heaviest && heaviest.weight > 0 ? heaviest : undefined;
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
    const [idlest] = group.#shares;
    return idlest;
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
    this.#shares.delete(share);
    this.#shares.add(share);
  }

  forget(share: HeldShare): void {
    this.#shares.delete(share);
  }

  /** @param loose - what more of it may give way */
  change(held: number, loose: number): void {
    this.#held += held;
    this.#loose += loose;
    if (this.#parent) {
      this.#parent.#bySize.moved(this);
      this.#parent.change(held, loose);
    }
  }

  #open(name: string): Group {
    const group = new Group(this, name);
    this.#groups ??= new Map();
    this.#groups.set(name, group);
    this.#bySize.add(group);
    this.enter();
    return group;
  }

  #close(group: Group): void {
    this.#groups?.delete(group.#name);
    this.#bySize.remove(group);
    this.leave();
  }
}

interface HeldShareParts {
  readonly group: Group;
  readonly giveWay: () => void;
  readonly makeRoom: (amount: number) => boolean;
  readonly nowMs: () => number;
}

/** A share of the group that it is in. */
export class HeldShare implements Share {
  readonly #parts: HeldShareParts;
  #amount = 0;
  #touchedAtMs: number;
  #isKept = false;
  #isHeld = true;

  constructor(parts: HeldShareParts, amount: number) {
    this.#parts = parts;
    this.#touchedAtMs = parts.nowMs();
    parts.group.enter();
    this.#add(amount);
  }

  get touchedAtMs(): number {
    return this.#touchedAtMs;
  }

  grow(amount: number): boolean {
    const isGiven = this.#isHeld && this.#parts.makeRoom(amount);
    if (isGiven) {
      this.#add(amount);
    }
    return isGiven;
  }

  touch(): void {
    this.#touchedAtMs = this.#parts.nowMs();
    if (this.#isLoose) {
      this.#parts.group.touch(this);
      this.#parts.group.change(0, 0);
    }
  }

  keep(): void {
    if (this.#isLoose) {
      this.#parts.group.forget(this);
      this.#parts.group.change(0, -this.#amount);
    }
    this.#isKept = true;
  }

  release(): void {
    if (this.#isHeld) {
      const { group } = this.#parts;
      group.forget(this);
      group.change(-this.#amount, this.#isLoose ? -this.#amount : 0);
      this.#isHeld = false;
      group.leave();
    }
  }

  giveWay(): void {
    this.release();
    this.#parts.giveWay();
  }

  get #isLoose(): boolean {
    return this.#isHeld && !this.#isKept && this.#amount > 0;
  }

  #add(amount: number): void {
    this.#amount += amount;
    this.#touchedAtMs = this.#parts.nowMs();
    if (this.#isLoose) {
      this.#parts.group.touch(this);
    }
    this.#parts.group.change(amount, this.#isKept ? 0 : amount);
  }
}
