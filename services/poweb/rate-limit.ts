import type { Clock } from '#clock/clock.ts';

/** A token bucket: `perSecond` on average, twice that at once. */
export class RateLimit {
  readonly #perSecond: number;
  readonly #clock: Clock;
  #tokens: number;
  #filledAtMs: number;

  constructor(perSecond: number, clock: Clock) {
    this.#perSecond = perSecond;
    this.#clock = clock;
    this.#tokens = 2 * perSecond;
    this.#filledAtMs = clock.elapsedMs();
  }

  /** @returns whether one more is allowed now */
  tryTake(): boolean {
    const nowMs = this.#clock.elapsedMs();
    const gained = (Math.max(0, nowMs - this.#filledAtMs) / 1_000) * this.#perSecond;
    this.#tokens = Math.min(2 * this.#perSecond, this.#tokens + gained);
    this.#filledAtMs = nowMs;
    if (this.#tokens < 1) {
      return false;
    }
    this.#tokens -= 1;
    return true;
  }
}
