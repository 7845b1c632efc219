import process from 'node:process';

/** For commands that wait: turns SIGINT and SIGTERM into an aborted signal, until it is disposed of. */
export class Interruption implements Disposable {
  readonly #controller = new AbortController();
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
    process.off('SIGINT', this.#onSignal).off('SIGTERM', this.#onSignal);
  }
}
