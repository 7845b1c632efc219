import type { KeyEpoch } from '#awala/sessions/derived-session-key.ts';
import type { Clock } from '#clock/clock.ts';

/** Some 200 octets each. */
const MAX_EPOCHS = 1_024;
/** A secret is read again after this, so that it is of no use once its record has expired. */
const LIFE_MS = 3_600_000;

interface Known {
  readonly epoch: KeyEpoch;
  readonly readAtMs: number;
}

/** Epochs whose secrets were opened of late; those used last are kept. */
export class KnownEpochs {
  readonly #clock: Clock;
  readonly #known = new Map<string, Known>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get(id: string): KeyEpoch | null {
    const known = this.#known.get(id);
    if (!known) {
      return null;
    }
    this.#known.delete(id);
    if (this.#clock.elapsedMs() - known.readAtMs >= LIFE_MS) {
      return null;
    }
    this.#known.set(id, known);
    return known.epoch;
  }

  add(id: string, epoch: KeyEpoch): void {
    this.#known.set(id, { epoch, readAtMs: this.#clock.elapsedMs() });
    const [oldest] = this.#known.keys();
    if (this.#known.size > MAX_EPOCHS && oldest !== undefined) {
      this.#known.delete(oldest);
    }
  }
}
