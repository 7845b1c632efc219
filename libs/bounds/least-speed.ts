import type { Clock } from '#clock/clock.ts';

interface LeastSpeedParts {
  readonly clock: Clock;
  readonly everyMs: number;
  /** Octets in {@link everyMs}. */
  readonly leastOctets: number;
  /** In all, a multiple of {@link everyMs}; without end by default. */
  readonly mostMs?: number;
  /** Octets so far. */
  readonly count: () => number;
  /** Whether we are the ones who hold them up. */
  readonly isHeldUp?: () => boolean;
  readonly onTooSlow: () => void;
}

/** Notices when octets that must come, or must be taken, do so too slowly. */
export class LeastSpeed {
  readonly #parts: LeastSpeedParts;
  #countBefore = 0;
  #lastedMs = 0;
  #cancel: (() => void) | null = null;

  constructor(parts: LeastSpeedParts) {
    this.#parts = parts;
  }

  /** @param isMore - whether octets must come now */
  expect(isMore: boolean): void {
    if (!isMore) {
      this.#cancel?.();
      this.#cancel = null;
    } else if (!this.#cancel) {
      this.#lastedMs = 0;
      this.#start();
    }
  }

  /** Begins anew if octets must come, as we held them up until now. */
  restart(): void {
    if (this.#cancel) {
      this.#cancel();
      this.#start();
    }
  }

  #start(): void {
    const { clock, everyMs, count } = this.#parts;
    this.#countBefore = count();
    this.#cancel = clock.schedule(everyMs, () => this.#look());
  }

  #look(): void {
    const { everyMs, leastOctets, count, isHeldUp = () => false, onTooSlow } = this.#parts;
    this.#lastedMs += everyMs;
    const isOver = this.#lastedMs >= (this.#parts.mostMs ?? Number.POSITIVE_INFINITY);
    if (!isOver && (count() - this.#countBefore >= leastOctets || isHeldUp())) {
      this.#start();
    } else {
      this.#cancel = null;
      onTooSlow();
    }
  }
}
