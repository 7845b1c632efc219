import { BackingError } from '#backing/errors.ts';
import type { Clock } from '#clock/clock.ts';
import { type RecordStore, recordKind } from '#record-store/port.ts';
import { DistinctSketch } from './distinct-sketch.ts';
import { RECORD_KIND } from './record-kinds.ts';

/** One for each day, by its date. */
const DAY = recordKind<{ sketch: Uint8Array }>(RECORD_KIND.phonesSeen);
const DAY_MS = 86_400_000;
const COUNTED_DAYS = 30;
/** Until the last day that counts is over everywhere. */
const KEPT_DAYS = 32;
const SAVE_EVERY_MS = 60_000;

interface PhonesSeenParts {
  readonly records: RecordStore;
  readonly clock: Clock;
}

/**
 * How many phones used the gateway within 30 days: it keeps a sketch for each day, from which none of
 * their ids can be read, though an id can be tried on a sketch of few. For the gateway in one process,
 * as two would overwrite each other's. What was seen within the last minute before a crash is lost.
 */
export class PhonesSeen implements AsyncDisposable {
  readonly #parts: PhonesSeenParts;
  readonly #days = new Map<string, DistinctSketch>();
  readonly #changed = new Set<string>();
  /** The last date that was asked for, as most phones are seen on the same. */
  #lastDay = { number: Number.NaN, date: '' };
  #cancel = () => {};

  private constructor(parts: PhonesSeenParts) {
    this.#parts = parts;
  }

  /** @throws {BackingUnavailableError} */
  static async open(parts: PhonesSeenParts): Promise<PhonesSeen> {
    const seen = await PhonesSeen.read(parts);
    seen.#saveLater();
    return seen;
  }

  /**
   * What is stored, to be counted only.
   *
   * @throws {BackingUnavailableError}
   */
  static async read(parts: PhonesSeenParts): Promise<PhonesSeen> {
    const seen = new PhonesSeen(parts);
    for await (const { id, fields } of parts.records.list(DAY, '')) {
      seen.#days.set(id, new DistinctSketch(fields.sketch));
    }
    return seen;
  }

  /** A phone proved who it is, by its node id. */
  note(phone: string): void {
    const today = this.#today();
    const sketch = this.#days.get(today) ?? new DistinctSketch();
    this.#days.set(today, sketch);
    if (sketch.add(phone)) {
      this.#changed.add(today);
    }
  }

  /** How many there were in the last 30 days, to some 2 %. */
  count(): number {
    const now = this.#parts.clock.now();
    const first = dateOf(new Date(now.getTime() - COUNTED_DAYS * DAY_MS));
    const last = dateOf(now);
    const all = new DistinctSketch();
    for (const [date, sketch] of this.#days) {
      if (date < first) {
        this.#days.delete(date);
      } else if (date <= last) {
        all.merge(sketch);
      }
    }
    return all.estimate();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cancel();
    await this.#save();
  }

  #today(): string {
    const now = this.#parts.clock.now();
    const number = Math.floor(now.getTime() / DAY_MS);
    if (number !== this.#lastDay.number) {
      this.#lastDay = { number, date: dateOf(now) };
    }
    return this.#lastDay.date;
  }

  #saveLater(): void {
    this.#cancel = this.#parts.clock.schedule(SAVE_EVERY_MS, () => {
      void this.#save().finally(() => this.#saveLater());
    });
  }

  /** What could not be saved is tried again in a minute. */
  async #save(): Promise<void> {
    const { records } = this.#parts;
    for (const date of [...this.#changed]) {
      const expiresAt = new Date(Date.parse(date) + KEPT_DAYS * DAY_MS);
      const sketch = this.#days.get(date)?.octets ?? Buffer.of();
      this.#changed.delete(date);
      try {
        await records.set(DAY, date, { sketch: Uint8Array.from(sketch) }, { expiresAt });
      } catch (error) {
        if (!(error instanceof BackingError)) {
          throw error;
        }
        this.#changed.add(date);
      }
    }
  }
}

/** Such as `2026-11-29`. */
function dateOf(time: Date): string {
  return time.toISOString().slice(0, 10);
}
