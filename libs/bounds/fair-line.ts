import type { Clock } from '#clock/clock.ts';
import { FairShares, type Share, type Who } from './fair-shares.ts';

interface FairLineOptions {
  /** How much there is; at least 1. */
  readonly capacity: number;
  readonly clock: Clock;
  /** How long nobody loses what they have. */
  readonly patienceMs: number;
  /** How many may wait. */
  readonly mostWaiting: number;
  readonly longestWaitMs: number;
  /** Called for each part that gives way. */
  readonly onGivenWay?: () => void;
}

/** What is asked of a line. */
interface Wish {
  /** One name at least. */
  readonly who: Who;
  /** More than there is counts as all of it. */
  readonly amount: number;
  /** Called at most once, when the part has gone to somebody else; must neither take nor throw. */
  readonly giveWay: () => void;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
}

/** A part of what is shared; it counts until it is released. */
export interface Part {
  /** From now on it is so much, no more than before. */
  shrink(amount: number): void;
  /** From now on, nobody takes it until the patience has passed anew. */
  renew(): void;
  /** Safe to repeat, and after it has given way. */
  release(): void;
}

interface Waiter {
  readonly wish: Wish;
  readonly sinceMs: number;
  readonly leave: (part: Part | null) => void;
}

/**
 * {@link FairShares} that one can wait for, and that nobody loses before they had them for a while:
 * what is under way is likely to end soon, and to break it off would be a waste.
 *
 * What becomes free goes to those who hold least; of equals, to who came first. A part held for
 * longer than the patience gives way as fair shares do, also to one who holds as much. The places
 * to wait in are fair shares, too.
 *
 * Taking and releasing cost O(log n) while nobody waits, and O(w log w) while w do.
 */
export class FairLine {
  readonly #options: FairLineOptions;
  readonly #shares: FairShares;
  readonly #lobby: FairShares;
  /** In order of arrival. */
  readonly #waiting = new Set<Waiter>();
  readonly #parts = new Set<HeldPart>();
  /** Those that give way to nobody yet, in order of time. */
  readonly #kept = new Set<HeldPart>();
  #cancelLook: (() => void) | null = null;

  constructor(options: FairLineOptions) {
    const { capacity, clock, mostWaiting, onGivenWay = () => {} } = options;
    this.#options = options;
    const idle = { afterMs: 0, clock };
    this.#shares = new FairShares({ capacity, idle, onGivenWay: () => onGivenWay() });
    this.#lobby = new FairShares({ capacity: mostWaiting });
  }

  /** What is held in all; never more than the capacity. */
  get held(): number {
    return this.#shares.held;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Takes a part, waiting for it if need be.
   *
   * @returns null if there was none in time, or others needed the place to wait in
   * @throws the signal's reason, if it is aborted first
   */
  async take(wish: Wish): Promise<Part | null> {
    wish.signal.throwIfAborted();
    this.#loosen();
    return this.#tryTake(wish) ?? (await this.#wait(wish));
  }

  #tryTake(wish: Wish): Part | null {
    const amount = Math.min(wish.amount, this.#options.capacity);
    const share = this.#shares.take(wish.who, amount, () => part.giveWay());
    if (!share) {
      return null;
    }
    const part: HeldPart = new HeldPart(wish, amount, share, {
      all: this.#parts,
      kept: this.#kept,
      nowMs: () => this.#nowMs(),
      takeAgain: (less, giveWay) => this.#shares.take(wish.who, less, giveWay) as Share,
      onRoom: () => this.#serve(),
    });
    return part;
  }

  #wait(wish: Wish): Promise<Part | null> {
    const { promise, resolve, reject } = Promise.withResolvers<Part | null>();
    const place = this.#lobby.take(wish.who, 1, () => waiter.leave(null));
    const leave = (part: Part | null) => {
      wish.signal.removeEventListener('abort', onAbort);
      this.#waiting.delete(waiter);
      place?.release();
      resolve(part);
    };
    const onAbort = () => {
      reject(wish.signal.reason);
      leave(null);
      this.#lookLater();
    };
    const waiter: Waiter = { wish, sinceMs: this.#nowMs(), leave };
    if (place) {
      this.#waiting.add(waiter);
      wish.signal.addEventListener('abort', onAbort, { once: true });
      this.#lookLater();
    } else {
      resolve(null);
    }
    return promise;
  }

  /** Gives those who wait what they may have by now. */
  #serve(): void {
    if (this.#waiting.size === 0) {
      return;
    }
    this.#loosen();
    for (const { wish, leave } of this.#neediestFirst()) {
      const isAllTaken = this.#shares.held >= this.#options.capacity;
      if (isAllTaken && this.#kept.size === this.#parts.size) {
        break;
      }
      const part = this.#tryTake(wish);
      if (part) {
        leave(part);
      }
    }
    this.#lookLater();
  }

  #neediestFirst(): Waiter[] {
    const held = (who: Who) => who.map((_, depth) => this.#shares.heldBy(who.slice(0, depth + 1)));
    return [...this.#waiting]
      .map((waiter) => ({ waiter, held: held(waiter.wish.who) }))
      .sort((a, b) => compare(a.held, b.held))
      .map(({ waiter }) => waiter);
  }

  #loosen(): void {
    const oldestMs = this.#nowMs() - this.#options.patienceMs;
    for (const part of this.#kept) {
      if (part.sinceMs > oldestMs) {
        return;
      }
      part.loosen();
    }
  }

  /** Looks again when somebody has had a part, or has waited, for long enough. */
  #lookLater(): void {
    if (this.#waiting.size === 0) {
      this.#cancelLook?.();
      this.#cancelLook = null;
    } else if (!this.#cancelLook) {
      const { clock, patienceMs, longestWaitMs } = this.#options;
      const [part] = this.#kept;
      const [waiter] = this.#waiting;
      const partMs = (part?.sinceMs ?? Number.POSITIVE_INFINITY) + patienceMs;
      const waiterMs = (waiter?.sinceMs ?? Number.POSITIVE_INFINITY) + longestWaitMs;
      const inMs = Math.max(Math.min(partMs, waiterMs) - this.#nowMs(), 1);
      this.#cancelLook = clock.schedule(inMs, () => {
        this.#cancelLook = null;
        this.#sendAway();
        this.#serve();
      });
    }
  }

  /** Those who have waited for long enough. */
  #sendAway(): void {
    const latestMs = this.#nowMs() - this.#options.longestWaitMs;
    for (const { sinceMs, leave } of this.#waiting) {
      if (sinceMs > latestMs) {
        return;
      }
      leave(null);
    }
  }

  #nowMs(): number {
    return this.#options.clock.elapsedMs();
  }
}

interface HeldPartLine {
  readonly all: Set<HeldPart>;
  readonly kept: Set<HeldPart>;
  readonly nowMs: () => number;
  /** Takes no more than was just released. */
  readonly takeAgain: (amount: number, giveWay: () => void) => Share;
  readonly onRoom: () => void;
}

class HeldPart implements Part {
  readonly #wish: Wish;
  readonly #line: HeldPartLine;
  #amount: number;
  #share: Share;
  #sinceMs: number;

  constructor(wish: Wish, amount: number, share: Share, line: HeldPartLine) {
    this.#wish = wish;
    this.#amount = amount;
    this.#share = share;
    this.#line = line;
    this.#sinceMs = line.nowMs();
    line.all.add(this);
    line.kept.add(this);
    share.keep();
  }

  get sinceMs(): number {
    return this.#sinceMs;
  }

  shrink(amount: number): void {
    if (this.#line.all.has(this)) {
      this.#amount = Math.min(amount, this.#amount);
      this.#takeAgain();
      this.#line.onRoom();
    }
  }

  renew(): void {
    const { all, kept, nowMs } = this.#line;
    if (all.has(this)) {
      kept.delete(this);
      kept.add(this);
      this.#sinceMs = nowMs();
      this.#takeAgain();
    }
  }

  loosen(): void {
    this.#line.kept.delete(this);
    this.#takeAgain();
  }

  release(): void {
    if (this.#forget()) {
      this.#share.release();
      this.#line.onRoom();
    }
  }

  giveWay(): void {
    this.#forget();
    this.#wish.giveWay();
  }

  #forget(): boolean {
    this.#line.kept.delete(this);
    return this.#line.all.delete(this);
  }

  #takeAgain(): void {
    this.#share.release();
    this.#share = this.#line.takeAgain(this.#amount, () => this.giveWay());
    if (this.#line.kept.has(this)) {
      this.#share.keep();
    }
  }
}

function compare(left: readonly number[], right: readonly number[]): number {
  const at = left.findIndex((value, index) => value !== right[index]);
  return at < 0 ? 0 : (left[at] as number) - (right[at] ?? 0);
}
