import { PARTS_OF_WINDOW, type TallyLimit } from './port.ts';

/** What was added in one part of a window: the part's number since the epoch of the clock, and the amounts. */
export type WindowPart = readonly [part: number, ...amounts: number[]];

/**
 * What was added lately, in parts of a window. Times are in milliseconds by one clock.
 *
 * Kept as few numbers, as there is one for each name.
 */
export class SlidingWindow {
  readonly #windowMs: number;
  /** In order of the parts: each part's number, then its amounts. */
  #numbers: number[];
  readonly #stride: number;

  /** @param parts - in any order */
  constructor(windowMs: number, amounts: number, parts: readonly WindowPart[] = []) {
    this.#windowMs = windowMs;
    this.#stride = amounts + 1;
    this.#numbers = parts.toSorted(([one], [other]) => one - other).flat();
  }

  add(nowMs: number, amounts: readonly number[]): void {
    const part = this.#partAt(nowMs);
    const last = this.#numbers.length - this.#stride;
    if (this.#numbers[last] === part) {
      for (let at = 0; at < amounts.length; at += 1) {
        this.#numbers[last + 1 + at] = (this.#numbers[last + 1 + at] ?? 0) + (amounts[at] ?? 0);
      }
    } else {
      this.#numbers.push(part, ...amounts);
    }
  }

  /**
   * After how long amounts may be added; 0 for at once. As long as the window if that is never, as one
   * alone is more than its limit.
   */
  mayAddInMs(nowMs: number, amounts: readonly number[], { most }: TallyLimit): number {
    this.#forget(nowMs);
    let freeInMs = 0;
    for (let at = 0; at < amounts.length; at += 1) {
      freeInMs = Math.max(freeInMs, this.#freeInMs(nowMs, at, amounts[at] ?? 0, most[at] ?? 0));
    }
    return freeInMs;
  }

  #freeInMs(nowMs: number, at: number, amount: number, most: number): number {
    let excess = this.#sum(at) + amount - most;
    if (excess <= 0) {
      return 0;
    }
    for (let start = 0; start < this.#numbers.length; start += this.#stride) {
      excess -= this.#numbers[start + 1 + at] ?? 0;
      if (excess <= 0) {
        const goneAtMs = ((this.#numbers[start] ?? 0) + PARTS_OF_WINDOW + 1) * this.#partMs;
        return Math.max(1, Math.ceil(goneAtMs - nowMs));
      }
    }
    return this.#windowMs;
  }

  #sum(at: number): number {
    let sum = 0;
    for (let start = 0; start < this.#numbers.length; start += this.#stride) {
      sum += this.#numbers[start + 1 + at] ?? 0;
    }
    return sum;
  }

  #forget(nowMs: number): void {
    const oldest = this.#partAt(nowMs) - PARTS_OF_WINDOW;
    let start = 0;
    while (start < this.#numbers.length && (this.#numbers[start] ?? 0) < oldest) {
      start += this.#stride;
    }
    if (start > 0) {
      this.#numbers = this.#numbers.slice(start);
    }
  }

  #partAt(nowMs: number): number {
    return Math.floor((nowMs * PARTS_OF_WINDOW) / this.#windowMs);
  }

  get #partMs(): number {
    return this.#windowMs / PARTS_OF_WINDOW;
  }
}
