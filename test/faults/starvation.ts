import { setTimeout as pause } from 'node:timers/promises';
import { ProcessorWaits } from '#test/runtime/processor-waits.ts';

const LOOK_EVERY_MS = 250;
/** Looks that are kept: some minutes, longer than any case asks about. */
const MOST_LOOKS = 2_400;

interface Look {
  readonly atMs: number;
  readonly lostMs: number;
}

/**
 * How long processes did not get the processor, on a machine that others use as well. A promise
 * about time is put off by this, as a client's request passes through several of them in turn.
 */
export class Starvation implements AsyncDisposable {
  readonly #ended = new AbortController();
  readonly #waits: ProcessorWaits;
  readonly #watching: Promise<unknown>;
  /** In ascending order of time; of each, what was lost until then. */
  #looks: Look[] = [{ atMs: performance.now(), lostMs: 0 }];

  /** @param pids - of the services, asked for each time, since they may change */
  constructor(pids: () => readonly number[]) {
    this.#waits = new ProcessorWaits(pids);
    this.#watching = this.#watch();
  }

  /** @param fromMs - in the time of `performance` */
  lostMsSince(fromMs: number): number {
    const before = this.#looks.findLast(({ atMs }) => atMs <= fromMs) ?? this.#looks[0];
    return this.#waits.totalMs() - (before?.lostMs ?? 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await this.#watching;
  }

  async #watch(): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      await pause(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
      this.#looks.push({ atMs: performance.now(), lostMs: this.#waits.totalMs() });
      this.#looks = this.#looks.slice(-MOST_LOOKS);
    }
  }
}
