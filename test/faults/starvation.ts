import { setTimeout as pause } from 'node:timers/promises';
import { ProcessorWaits } from '#test/runtime/processor-waits.ts';

const LOOK_EVERY_MS = 250;
/** Samples to keep: some minutes, longer than any case asks about. */
const MOST_LOOKS = 2_400;

interface Look {
  readonly atMs: number;
  readonly lostMs: number;
}

/**
 * How long processes waited for a processor, on a shared machine. Each time limit grows by this, as a
 * client's request passes through several processes in turn.
 */
export class Starvation implements AsyncDisposable {
  readonly #ended = new AbortController();
  readonly #waits: ProcessorWaits;
  readonly #watching: Promise<unknown>;
  /** In ascending order of time, each with the total lost until then. */
  #looks: Look[] = [{ atMs: performance.now(), lostMs: 0 }];

  /** @param pids - of the services; called for each sample, as they may change */
  constructor(pids: () => readonly number[]) {
    this.#waits = new ProcessorWaits(pids);
    this.#watching = this.#watch();
  }

  /** @param fromMs - by `performance.now()` */
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
