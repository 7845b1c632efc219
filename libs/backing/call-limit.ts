import { type BackingName, BackingUnavailableError } from './errors.ts';

interface CallLimitOptions {
  readonly backing: BackingName;
  /** Calls made at once. */
  readonly concurrency: number;
  /** Calls that may wait for their turn; further ones are refused. */
  readonly waiting: number;
}

/** Bounds the calls that are made at once, and those that wait for their turn. */
export class CallLimit {
  readonly #options: CallLimitOptions;
  readonly #queue: (() => void)[] = [];
  #running = 0;

  constructor(options: CallLimitOptions) {
    this.#options = options;
  }

  /**
   * @param signal - gives up waiting, with its reason
   * @throws {BackingUnavailableError} at once, if too many calls wait already
   */
  async run<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
    await this.#takeTurn(signal);
    try {
      return await call();
    } finally {
      const next = this.#queue.shift();
      if (next) {
        next();
      } else {
        this.#running--;
      }
    }
  }

  async #takeTurn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#running < this.#options.concurrency) {
      this.#running++;
      return;
    }
    if (this.#queue.length >= this.#options.waiting) {
      throw new BackingUnavailableError(this.#options.backing, 'too many calls wait for it');
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAbort = () => {
      this.#queue.splice(this.#queue.indexOf(resolve), 1);
      reject(signal.reason);
    };
    this.#queue.push(resolve);
    signal.addEventListener('abort', onAbort, { once: true });
    await promise.finally(() => signal.removeEventListener('abort', onAbort));
  }
}
