import type { Bucket } from '@google-cloud/storage';
import { CallLimit, callInTime, repeat } from '#backing/calls.ts';
import { BackingUnavailableError } from '#backing/errors.ts';
import { type Clock, systemClock } from '#clock/clock.ts';
import { MOST_CONNECTIONS, openClient, type StorageClient } from './client.ts';
import { isTransient } from './errors.ts';
import type { GcsOptions } from './options.ts';

/**
 * Calls that may wait for a connection: twice as many as the connections can serve within the
 * deadline.
 */
const MOST_WAITING = 4_096;

/** A call to a bucket. */
export type StorageCall<T> = (bucket: Bucket, signal: AbortSignal) => Promise<T>;

/** Makes calls to a bucket within deadlines; loads the client library at the first. */
export class StorageCalls implements Disposable {
  readonly #options: GcsOptions;
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  readonly #limit: CallLimit;
  #client: Promise<StorageClient> | undefined;
  #closed = false;

  constructor(options: GcsOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#deadlineMs = options.deadlineMs;
    this.#limit = new CallLimit({
      backing: 'object-store',
      concurrency: MOST_CONNECTIONS,
      waiting: MOST_WAITING,
    });
  }

  /**
   * Makes a call, and retries transient failures within one deadline; only for calls that are safe
   * to repeat.
   *
   * @param call - gets a signal to hand to its request, which then ends once nobody waits for it
   * @param deadlineMs - defaults to the deadline of all calls
   * @throws {BackingUnavailableError} if there is no answer in time
   * @throws {GcsStatusError} if the service refuses
   */
  run<T>(call: StorageCall<T>, deadlineMs = this.#deadlineMs): Promise<T> {
    this.assertOpen();
    const clock = this.#clock;
    const deadline = { clock, backing: 'object-store', deadlineMs } as const;
    return callInTime(deadline, (signal) =>
      repeat({ clock, signal, isTransient: this.#isTransient }, () =>
        this.#limit.run(() => this.#attempt(call, signal), signal),
      ),
    );
  }

  assertOpen(): void {
    if (this.#closed) {
      throw new BackingUnavailableError('object-store', 'closed');
    }
  }

  /** Ends the requests in progress. */
  [Symbol.dispose](): void {
    this.#closed = true;
    this.#client?.then(({ close }) => close()).catch(() => {});
  }

  readonly #isTransient = (error: unknown) => !this.#closed && isTransient(error);

  async #attempt<T>(call: StorageCall<T>, signal: AbortSignal): Promise<T> {
    this.#client ??= openClient(this.#options);
    const { bucket } = await this.#client;
    signal.throwIfAborted();
    return call(bucket, signal);
  }
}
