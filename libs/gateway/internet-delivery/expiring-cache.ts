import type { Clock } from '#clock/clock.ts';

/** What a cache is to remember, and for how long. */
export interface Remembered<Value> {
  readonly value: Value;
  readonly forMs: number;
}

interface Entry<Value> {
  readonly value: Promise<Value>;
  /** Infinite while it is being loaded. */
  expiresAtMs: number;
}

/**
 * Remembers what was looked up, for as long as each answer says. Callers that ask
 * for the same at once share one look-up; a failure is not remembered.
 */
export class ExpiringCache<Value> {
  readonly #clock: Clock;
  readonly #maxEntries: number;
  readonly #entries = new Map<string, Entry<Value>>();

  constructor(clock: Clock, maxEntries: number) {
    this.#clock = clock;
    this.#maxEntries = maxEntries;
  }

  /** @throws what `load` throws */
  get(key: string, load: () => Promise<Remembered<Value>>): Promise<Value> {
    const known = this.#entries.get(key);
    if (known && this.#clock.elapsedMs() < known.expiresAtMs) {
      return known.value;
    }
    this.#entries.delete(key);
    this.#makeRoom();
    const entry: Entry<Value> = {
      expiresAtMs: Number.POSITIVE_INFINITY,
      value: load().then(
        ({ value, forMs }) => {
          entry.expiresAtMs = this.#clock.elapsedMs() + forMs;
          return value;
        },
        (error: unknown) => {
          if (this.#entries.get(key) === entry) {
            this.#entries.delete(key);
          }
          throw error;
        },
      ),
    };
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** Forgets the entry that was looked up the longest ago. */
  #makeRoom(): void {
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined && this.#entries.size >= this.#maxEntries) {
      this.#entries.delete(oldest);
    }
  }
}
