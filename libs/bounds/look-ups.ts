import type { Clock } from '#clock/clock.ts';
import { Cache } from './cache.ts';

/** What was looked up, and for how long to remember it: not at all if 0. */
export interface Remembered<Value> {
  readonly value: Value;
  readonly forMs: number;
}

/**
 * Remembers what was looked up, for as long as each result says. Callers that ask for the same at
 * once share one look-up; a failure is not remembered.
 *
 * At the bound the result that was not used for longest is forgotten; a look-up that is under way
 * counts as one.
 */
export class LookUps<Value> {
  readonly #results: Cache<Promise<Value>>;

  constructor(clock: Clock, max: number) {
    this.#results = new Cache(clock, max);
  }

  /**
   * @param look - not called if the result is known or under way
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

  /** Takes time in proportion to how much is remembered. */
  forgetExpired(): void {
    this.#results.forgetExpired();
  }

  clear(): void {
    this.#results.clear();
  }
}
