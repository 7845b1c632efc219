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
 * one attempt at a time, and one to come.
 */
export class Withdrawals implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #withdraw: (part: Part) => Promise<void>;
  readonly #pending = new Set<Part>();
  #underWay: Part | null = null;
  /** Whether all that there was to withdraw could be. */
  #attempt: Promise<boolean> | null = null;
  #cancelNext: (() => void) | null = null;
  #isClosed = false;

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
    this.#pending.add(part);
    if (!this.#cancelNext) {
      this.#attempt ??= this.#tryAll();
    }
  }

  /** Whether a part is still to be withdrawn. */
  has(part: Part): boolean {
    return this.#pending.has(part) || this.#underWay === part;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#cancelNext?.();
    await inTime(systemClock, LONGEST_END_MS, this.#tryTheRest(), () => {});
  }

  /** Also what was added during the attempt that is under way; if that fails, so will another. */
  async #tryTheRest(): Promise<void> {
    const hasFailed = (await this.#attempt) === false;
    if (this.#pending.size > 0 && !hasFailed) {
      this.#attempt ??= this.#tryAll();
      await this.#attempt;
    }
  }

  async #tryAll(): Promise<boolean> {
    let hasFailed = false;
    for (const part of [...this.#pending]) {
      // Deleted first: an entry that cannot be added meanwhile withdraws the part once more.
      this.#pending.delete(part);
      this.#underWay = part;
      try {
        await this.#withdraw(part);
        const detail = `part ${part}`;
        this.#log.info({ detail }, 'The index of what is held is incomplete until the next census');
      } catch {
        this.#pending.add(part);
        hasFailed = true;
        break;
      }
    }
    this.#underWay = null;
    this.#attempt = null;
    if (this.#pending.size > 0 && !this.#isClosed) {
      this.#cancelNext = this.#clock.schedule(PAUSE_MS, () => {
        this.#cancelNext = null;
        this.#attempt ??= this.#tryAll();
      });
    }
    return !hasFailed;
  }
}
