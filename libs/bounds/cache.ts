import { LRUCache } from 'lru-cache';
import type { Clock } from '#clock/clock.ts';

/**
 * Caches a bounded number of values, each for a given time.
 *
 * At the bound, the least recently used value is dropped. An expired value is never returned, but
 * stays in memory until it is asked for or pushed out.
 */
export class Cache<Value extends NonNullable<unknown>> {
  readonly #values: LRUCache<string, Value>;

  /** @param clock - measures elapsed time; setting it changes nothing */
  constructor(clock: Clock, max: number) {
    this.#values = new LRUCache({
      // With `max`, memory for all values would be allocated at once.
      maxSize: max,
      sizeCalculation: () => 1,
      perf: { now: () => clock.elapsedMs() },
      ttlResolution: 0,
    });
  }

  get size(): number {
    return this.#values.size;
  }

  get(key: string): Value | undefined {
    return this.#values.get(key);
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  /** Replaces the value and its lifetime, unlimited by default. */
  set(key: string, value: Value, forMs = Number.POSITIVE_INFINITY): void {
    if (forMs > 0) {
      // The library still returns a value at the very instant of its expiry.
      this.#values.set(key, value, { ttl: forMs - 0.001 });
    } else {
      this.#values.delete(key);
    }
  }

  delete(key: string): void {
    this.#values.delete(key);
  }

  clear(): void {
    this.#values.clear();
  }
}
