import { type BackingName, BackingUnavailableError } from '#backing/errors.ts';
import { backingError } from './backing-errors.ts';

/**
 * The calls in progress on a port: turns database errors into the port's own, and lets closing wait
 * for calls that have started.
 */
export class BackingCalls {
  readonly #backing: BackingName;
  readonly #running = new Set<Promise<unknown>>();
  #closed = false;

  constructor(backing: BackingName) {
    this.#backing = backing;
  }

  /** @throws {BackingUnavailableError} once closed, without running `work` */
  run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#closed) {
      return Promise.reject(new BackingUnavailableError(this.#backing, 'closed'));
    }
    const running = work().catch((error) => {
      throw backingError(this.#backing, error);
    });
    this.#running.add(running);
    const forget = () => this.#running.delete(running);
    running.then(forget, forget);
    return running;
  }

  /** Refuses new calls; resolves once the running ones have ended. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#running);
  }
}
