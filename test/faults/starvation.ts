import { setTimeout as pause } from 'node:timers/promises';

const LOOK_EVERY_MS = 250;
/** A process that has the processor answers that it lives within a few milliseconds. */
const STARVED_MS = 400;
const GIVE_UP_MS = 30_000;

/**
 * When processes did not get the processor for long, on a machine that others use
 * as well: then nothing can be said about how fast they answer. Each is asked all
 * the time for what costs it nothing.
 */
export class Starvation implements AsyncDisposable {
  readonly #ended = new AbortController();
  #lastMs = Number.NEGATIVE_INFINITY;
  readonly #watching: Promise<unknown>;

  /** @param operationsPorts - asked for each time, since they may change */
  constructor(operationsPorts: () => readonly number[]) {
    this.#watching = this.#watch(operationsPorts);
  }

  /** Whether one of them was starved at some time since then, in the time of `performance`. */
  wasSince(fromMs: number): boolean {
    return this.#lastMs >= fromMs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await this.#watching;
  }

  async #watch(operationsPorts: () => readonly number[]): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      const beforeMs = performance.now();
      await pause(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
      this.#note(beforeMs, LOOK_EVERY_MS + STARVED_MS);
      await Promise.all(operationsPorts().map((port) => this.#ask(port)));
    }
  }

  async #ask(port: number): Promise<void> {
    const askedAtMs = performance.now();
    const signal = AbortSignal.any([this.#ended.signal, AbortSignal.timeout(GIVE_UP_MS)]);
    try {
      const response = await fetch(`http://127.0.0.1:${port}/livez`, { signal });
      await response.arrayBuffer();
      this.#note(askedAtMs, STARVED_MS);
    } catch {
      // It is not there at present.
    }
  }

  #note(fromMs: number, mostMs: number): void {
    const toMs = performance.now();
    if (toMs - fromMs > mostMs) {
      this.#lastMs = toMs;
    }
  }
}
