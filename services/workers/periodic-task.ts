import { BackingError } from '#backing/errors.ts';
import type { Clock } from '#clock/clock.ts';
import type { Log } from '#log/log.ts';

interface PeriodicTaskOptions {
  /** For the log. */
  readonly name: string;
  /** From the end of one run to the start of the next. */
  readonly intervalMs: number;
  /** The same, after a run that failed. */
  readonly retryMs: number;
  readonly run: (signal: AbortSignal) => Promise<unknown>;
}

/** Runs something periodically, one run at a time; after a failure, the next run comes sooner. */
export class PeriodicTask implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #options: PeriodicTaskOptions;
  readonly #ended = new AbortController();
  #cancel = () => {};
  #running: Promise<void> = Promise.resolve();

  /** Starts the first run at once. */
  constructor(parts: { readonly clock: Clock; readonly log: Log }, options: PeriodicTaskOptions) {
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#options = options;
    this.#start();
  }

  /** Resolves when the present run, if any, is over. */
  get idle(): Promise<void> {
    return this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort(new Error('the process is stopping'));
    this.#cancel();
    await this.#running;
  }

  #start(): void {
    this.#running = this.#run().then((pauseMs) => {
      if (!this.#ended.signal.aborted) {
        this.#cancel = this.#clock.schedule(pauseMs, () => this.#start());
      }
    });
  }

  /** @returns milliseconds until the next run */
  async #run(): Promise<number> {
    const { name, intervalMs, retryMs, run } = this.#options;
    try {
      await run(this.#ended.signal);
      return intervalMs;
    } catch (error) {
      if (!this.#ended.signal.aborted) {
        const isExpected = error instanceof BackingError;
        this.#log[isExpected ? 'warn' : 'error']({ error, task: name }, 'A periodic task failed');
      }
      return Math.min(intervalMs, retryMs);
    }
  }
}
