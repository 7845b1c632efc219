import type { Clock } from '#clock/clock.ts';
import { type RecordStore, recordKind } from '#record-store/port.ts';

/** One record, which does not expire; kept by the embedded backing only, which has no other witness. */
const LATEST_TIME = recordKind<{ at: Date }>('latest-time');
const ID = 'latest';

/** The latest time that this gateway's processes have believed, so that the next one notices a clock that went back. */
export class LatestTime {
  readonly #records: RecordStore;
  readonly #clock: Clock;

  constructor(parts: { readonly records: RecordStore; readonly clock: Clock }) {
    this.#records = parts.records;
    this.#clock = parts.clock;
  }

  /** @throws {BackingUnavailableError} */
  async read(): Promise<Date | null> {
    return (await this.#records.get(LATEST_TIME, ID))?.fields.at ?? null;
  }

  /** @throws {BackingUnavailableError} */
  async note(): Promise<void> {
    await this.#records.set(LATEST_TIME, ID, { at: this.#clock.now() });
  }
}
