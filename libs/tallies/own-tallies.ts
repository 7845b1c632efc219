import { Cache } from '#bounds/cache.ts';
import type { Clock } from '#clock/clock.ts';
import { PARTS_OF_WINDOW, type Tallied, type TallyLimit } from './port.ts';
import { SlidingWindow } from './sliding-window.ts';

/**
 * Names that one process counts for, up to 3 KiB each. Past them, the least recently used is
 * forgotten, which helps only whoever has so many names, each with a limit of its own.
 */
export const MOST_NAMES = 10_000;

/** What one process counts in its memory. */
export class OwnTallies {
  readonly #clock: Clock;
  /** Of each name, by their lengths. */
  readonly #windows: Cache<Map<number, SlidingWindow>>;

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock;
    this.#windows = new Cache(clock, MOST_NAMES);
  }

  /** As {@link import('./port.ts').Tallies.add}. */
  add(name: string, amounts: readonly number[], limits: readonly TallyLimit[]): Tallied {
    const nowMs = this.#clock.elapsedMs();
    const windows = this.#windows.get(name) ?? new Map<number, SlidingWindow>();
    const windowOf = ({ windowMs }: TallyLimit) =>
      windows.getOrInsertComputed(windowMs, () => new SlidingWindow(windowMs, amounts.length));
    let againInMs = 0;
    for (const limit of limits) {
      againInMs = Math.max(againInMs, windowOf(limit).mayAddInMs(nowMs, amounts, limit));
    }
    if (againInMs > 0) {
      return { isWithin: false, againInMs };
    }
    const put = (added: readonly number[]) => {
      for (const limit of limits) {
        windowOf(limit).add(this.#clock.elapsedMs(), added);
      }
    };
    put(amounts);
    this.#windows.set(name, windows, lifeOf(limits));
    return { isWithin: true, takeBack: () => put(amounts.map((amount) => -amount)) };
  }
}

/** How long what is added under some limits may count, in milliseconds. */
export function lifeOf(limits: readonly TallyLimit[]): number {
  const longestMs = Math.max(...limits.map(({ windowMs }) => windowMs));
  return Math.ceil(longestMs + longestMs / PARTS_OF_WINDOW);
}
