import process from 'node:process';

/** Longest pause of Node's timers. */
const FOR_EVER_MS = 2 ** 31 - 1;

/**
 * For commands that wait: keeps the process alive, and turns SIGINT and SIGTERM into the end of a
 * signal, until it is disposed of.
 */
export class Interruption implements Disposable {
  readonly #controller = new AbortController();
  readonly #alive = setInterval(() => {}, FOR_EVER_MS);
  readonly #onSignal = (signal: NodeJS.Signals) => this.interrupt(signal);
  #by: NodeJS.Signals | null = null;

  constructor() {
    process.on('SIGINT', this.#onSignal).on('SIGTERM', this.#onSignal);
  }

  /** Aborted once somebody wants the process to end. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** What asked for the end; null if nothing did. */
  get by(): NodeJS.Signals | null {
    return this.#by;
  }

  /** The same as if the signal had come. */
  interrupt(signal: NodeJS.Signals): void {
    this.#by ??= signal;
    this.#controller.abort(new Error(`told to stop by ${signal}`));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#alive);
    process.off('SIGINT', this.#onSignal).off('SIGTERM', this.#onSignal);
  }
}
