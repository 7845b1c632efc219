import type { Clock } from '#clock/clock.ts';
import { Cache } from './cache.ts';

/** A result, and how long to cache it: not at all if 0. */
export interface Remembered<Value> {
  readonly value: Value;
  readonly forMs: number;
}

/**
 * Caches look-ups, each for as long as its result says. Concurrent callers for the same key share
 * one look-up; failures are not cached.
 *
 * At the bound, the least recently used result is dropped; a look-up in progress counts as one.
 */
export class LookUps<Value> {
  readonly #results: Cache<Promise<Value>>;

  constructor(clock: Clock, max: number) {
    this.#results = new Cache(clock, max);
  }

  /**
   * @param look - not called if the result is cached or in progress
   * @throws what `look` throws; the next caller makes it look again
   */
  get(key: string, look: () => Promise<Remembered<Value>>): Promise<Value> {
    const known = this.#results.get(key);
    if (known) {
      return known;
    }
    const keep = (forMs: number) => {
      if (this.#results.get(key) === result) {
        this.#results.set(key, result, forMs);
      }
    };
    const result: Promise<Value> = look().then(
      ({ value, forMs }) => {
        keep(forMs);
        return value;
      },
      (error: unknown) => {
        keep(0);
        throw error;
      },
    );
    this.#results.set(key, result);
    return result;
  }

  /** The next caller makes it look again; a look-up in progress goes on, and is not cached. */
  forget(key: string): void {
    this.#results.delete(key);
  }

  clear(): void {
    this.#results.clear();
  }
}
