import type { Clock } from '#clock/clock.ts';
import { type RecordStore, recordKind } from '#record-store/port.ts';

/**
 * A single record, which does not expire; only on the embedded backing, which has no other witness.
 */
const LATEST_TIME = recordKind<{ at: Date }>('latest-time');
const ID = 'latest';

/**
 * The latest time that this gateway's processes believed, so that the next one notices a clock that
 * went back.
 */
export class LatestTime {
  readonly #records: RecordStore;
  readonly #clock: Clock;

  constructor(parts: { readonly records: RecordStore; readonly clock: Clock }) {
    this.#records = parts.records;
    this.#clock = parts.clock;
  }

  /**
   * Reads it; null if none was stored.
   *
   * @throws {BackingUnavailableError}
   */
  async read(): Promise<Date | null> {
    return (await this.#records.get(LATEST_TIME, ID))?.fields.at ?? null;
  }

  /**
   * Stores the present time.
   *
   * @throws {BackingUnavailableError}
   */
  async note(): Promise<void> {
    await this.#records.set(LATEST_TIME, ID, { at: this.#clock.now() });
  }
}
