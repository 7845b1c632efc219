import type { Firestore } from '@google-cloud/firestore';
import { asUnavailable, CallLimit, callInTime } from '#backing/calls.ts';
import { BackingUnavailableError } from '#backing/errors.ts';
import { type Clock, systemClock } from '#clock/clock.ts';
import { CallControl } from './call-control.ts';
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

const SERVICE = 'google.firestore.v1.Firestore';

/** Retries by gRPC, which end with the call. */
const REPETITIONS = {
  maxAttempts: 4,
  initialBackoff: '0.05s',
  maxBackoff: '0.8s',
  backoffMultiplier: 2,
  // ABORTED means contention.
  retryableStatusCodes: ['RESOURCE_EXHAUSTED', 'ABORTED', 'INTERNAL', 'UNAVAILABLE'],
};

/** Otherwise the library would retry each failed stream, first after two seconds. */
const STREAMS_UNREPEATED = { gaxServerStreamingRetries: true };

/**
 * Limits the pause before reconnecting, so that calls succeed soon after an outage of any length.
 */
const MAX_RECONNECT_BACKOFF_MS = 2_000;

/** Loads the client library (a third of a second) and opens a client; makes no request. */
async function openFirestore(
  { project, database, emulatorAddress }: FirestoreOptions,
  control: CallControl,
): Promise<Firestore> {
  const { Firestore } = await import('./client-library.ts');
  return new Firestore({
    projectId: project,
    databaseId: database,
    preferRest: false,
    ...STREAMS_UNREPEATED,
    'grpc.callInvocationTransformer': control.transform,
    'grpc.max_reconnect_backoff_ms': MAX_RECONNECT_BACKOFF_MS,
    'grpc.service_config': JSON.stringify({
      methodConfig: [{ name: [{ service: SERVICE }], retryPolicy: REPETITIONS }],
    }),
    ...(emulatorAddress && {
      host: emulatorAddress,
      ssl: false,
      // Otherwise the client would ask the machine's metadata server before its first call.
      clientOptions: { universeDomain: 'googleapis.com' },
    }),
  });
}
