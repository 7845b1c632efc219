import { inTime } from '#bounds/deadline.ts';
import { type Clock, systemClock } from '#clock/clock.ts';
import type { Log } from '#log/log.ts';
import type { Part } from '../port.ts';

/** Between attempts. */
const PAUSE_MS = 1_000;
/** How long closing tries. */
const LONGEST_END_MS = 1_000;

/**
 * Parts of which an entry may be missing, until the index knows that they are incomplete. At most
 * one attempt at a time.
 */
export class Withdrawals implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #withdraw: (part: Part) => Promise<void>;
  readonly #parts = new Set<Part>();
  #attempt: Promise<void> | null = null;
  #cancel = () => {};

  /** @param withdraw - throws if the part could not be withdrawn */
  constructor(
    { clock, log }: { readonly clock: Clock; readonly log: Log },
    withdraw: (part: Part) => Promise<void>,
  ) {
    this.#clock = clock;
    this.#log = log;
    this.#withdraw = withdraw;
  }

  add(part: Part): void {
    this.#parts.add(part);
    this.#attempt ??= this.#tryAll();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cancel();
    this.#attempt ??= this.#tryAll();
    await inTime(systemClock, LONGEST_END_MS, this.#attempt, () => {});
    this.#cancel();
    this.#parts.clear();
  }

  async #tryAll(): Promise<void> {
    // Deletes what it starts with: a part added during its attempt is withdrawn again.
    for (const part of [...this.#parts]) {
      this.#parts.delete(part);
      try {
        await this.#withdraw(part);
        const detail = `part ${part}`;
        this.#log.info({ detail }, 'The index of what is held is incomplete until the next census');
      } catch {
        this.#parts.add(part);
        break;
      }
    }
    this.#attempt = null;
    if (this.#parts.size > 0) {
      this.#cancel = this.#clock.schedule(PAUSE_MS, () => {
        this.#attempt ??= this.#tryAll();
      });
    }
  }
}
