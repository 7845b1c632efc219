import type { Bucket } from '@google-cloud/storage';
import { CallLimit, callInTime, repeat } from '#backing/calls.ts';
import { BackingUnavailableError } from '#backing/errors.ts';
import { type Clock, systemClock } from '#clock/clock.ts';
import { asStatusError, isTransient } from './errors.ts';
import { openBucket } from './open-bucket.ts';
import type { GcsOptions } from './options.ts';
import { RequestAbortion } from './request-abortion.ts';

/**
 * Calls that may wait for a connection: twice as many as the connections can serve within the
 * deadline.
 */
const MOST_WAITING = 4_096;

/** Makes calls to a bucket within deadlines; loads the client library at the first. */
export class StorageCalls implements Disposable {
  readonly #options: GcsOptions;
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  readonly #limit: CallLimit;
  readonly #abortion = new RequestAbortion();
  #bucket: Promise<Bucket> | undefined;
  #closed = false;

  constructor(options: GcsOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#deadlineMs = options.deadlineMs ?? 2_000;
    this.#limit = new CallLimit({
      backing: 'object-store',
      concurrency: options.maxConnections ?? 64,
      waiting: MOST_WAITING,
    });
  }

  /**
   * Makes a call, and retries transient failures within one deadline; only for calls that are safe
   * to repeat.
   *
   * @param deadlineMs - defaults to the deadline of all calls
   * @throws {BackingUnavailableError} if there is no answer in time
   * @throws {GcsStatusError} if the service refuses
   */
  run<T>(call: (bucket: Bucket) => Promise<T>, deadlineMs = this.#deadlineMs): Promise<T> {
    this.assertOpen();
    const clock = this.#clock;
    const deadline = { clock, backing: 'object-store', deadlineMs } as const;
    return callInTime(deadline, (signal) =>
      repeat({ clock, signal, isTransient }, () =>
        this.#limit.run(() => this.#attempt(call, signal), signal),
      ),
    );
  }

  assertOpen(): void {
    if (this.#closed) {
      throw new BackingUnavailableError('object-store', 'closed');
    }
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#abortion[Symbol.dispose]();
  }

  async #attempt<T>(call: (bucket: Bucket) => Promise<T>, signal: AbortSignal): Promise<T> {
    this.#bucket ??= openBucket(this.#options);
    const bucket = await this.#bucket;
    signal.throwIfAborted();
    try {
      return await this.#abortion.during(signal, () => call(bucket));
    } catch (error) {
      throw asStatusError(error);
    }
  }
}
