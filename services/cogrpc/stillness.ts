import type { Clock } from '#clock/clock.ts';

/** Fewer octets do not count as getting on, as they may be sent for that alone. */
export const LEAST_PROGRESS_OCTETS = 16 * 1024;

/** For how long something has not got on, by what happened and by octets that passed. */
export class Stillness {
  readonly #clock: Clock;
  readonly #count: () => number;
  #sinceMs: number;
  #countBefore: number;

  /** @param count - octets so far */
  constructor(clock: Clock, count: () => number) {
    this.#clock = clock;
    this.#count = count;
    this.#sinceMs = clock.elapsedMs();
    this.#countBefore = count();
  }

  /** Notes that it got on. */
  gotOn(): void {
    this.#sinceMs = this.#clock.elapsedMs();
    this.#countBefore = this.#count();
  }

  /** Milliseconds; octets count from the look before. */
  lastsMs(): number {
    if (this.#count() - this.#countBefore >= LEAST_PROGRESS_OCTETS) {
      this.gotOn();
    }
    return this.#clock.elapsedMs() - this.#sinceMs;
  }
}
