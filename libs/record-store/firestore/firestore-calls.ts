import type { Firestore } from '@google-cloud/firestore';
import { asUnavailable, CallLimit, callInTime } from '#backing/calls.ts';
import { BackingUnavailableError } from '#backing/errors.ts';
import { type Clock, systemClock } from '#clock/clock.ts';
import { CallControl } from './call-control.ts';
import { openFirestore } from './open-firestore.ts';
import type { FirestoreOptions } from './options.ts';

/** gRPC statuses. */
const NOT_FOUND = 5;
const ALREADY_EXISTS = 6;
const FAILED_PRECONDITION = 9;

/** The library opens a connection per 100 concurrent operations. */
const MOST_OPERATIONS = 400;
const MOST_WAITING = 4_096;

/** Runs operations on Firestore within deadlines; opens the client at the first. */
export class FirestoreCalls implements AsyncDisposable {
  readonly #options: FirestoreOptions;
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  readonly #control = new CallControl();
  readonly #limit = new CallLimit({
    backing: 'record-store',
    concurrency: MOST_OPERATIONS,
    waiting: MOST_WAITING,
  });
  readonly #running = new Set<Promise<unknown>>();
  #firestore: Promise<Firestore> | undefined;
  #closed = false;

  constructor(options: FirestoreOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#deadlineMs = options.deadlineMs;
  }

  /**
   * Runs an operation of one or more calls under one deadline. Transient failures are retried, so
   * an operation that fails may still have taken effect.
   *
   * @throws {BackingUnavailableError} for every failure
   */
  async run<T>(operation: (firestore: Firestore) => Promise<T>): Promise<T> {
    this.assertOpen();
    const [clock, deadlineMs] = [this.#clock, this.#deadlineMs];
    try {
      return await callInTime({ clock, backing: 'record-store', deadlineMs }, (signal) =>
        this.#limit.run(
          () =>
            this.#track(this.#control.during(signal, async () => operation(await this.#open()))),
          signal,
        ),
      );
    } catch (cause) {
      throw asUnavailable('record-store', this.#control.restore(cause));
    }
  }

  assertOpen(): void {
    if (this.#closed) {
      throw new BackingUnavailableError('record-store', 'closed');
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    // What was cancelled ends soon; if it ended after its client, the library would throw
    // unhandled.
    await Promise.allSettled(this.#running);
    const firestore = this.#firestore;
    this.#firestore = undefined;
    await (await firestore)?.terminate();
  }

  #track<T>(operation: Promise<T>): Promise<T> {
    this.#running.add(operation);
    return operation.finally(() => this.#running.delete(operation));
  }

  async #open(): Promise<Firestore> {
    this.#firestore ??= openFirestore(this.#options, this.#control);
    return this.#firestore;
  }
}

/** Whether a write failed because its precondition did. */
export function isUnmet(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    [NOT_FOUND, ALREADY_EXISTS, FAILED_PRECONDITION].includes(Number(error.code))
  );
}
