import { type BackingName, BackingUnavailableError } from '#backing/errors.ts';
import { backingError } from './backing-errors.ts';

/**
 * The calls that a port is serving: speaks of the database's failures as its
 * backing's, and lets closing wait for what has begun.
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
      return Promise.reject(new BackingUnavailableError(this.#backing, 'it is closed'));
    }
    const running = work().catch((error) => {
      throw backingError(this.#backing, error);
    });
    this.#running.add(running);
    const forget = () => this.#running.delete(running);
    running.then(forget, forget);
    return running;
  }

  /** Refuses calls from now on; resolves once those that run have ended, however they end. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#running);
  }
}
