import type { FirestoreClient } from '@google-cloud/firestore-api/client_v1';
import { withDeadline } from '#backing/deadline.ts';
import { BackingUnavailableError } from '#backing/errors.ts';
import { repeat } from '#backing/repeat.ts';
import { type Clock, systemClock } from '#clock/clock.ts';
import { type CallOptions, openFirestoreClient } from './firestore-client.ts';
import type { FirestoreOptions } from './options.ts';

/** gRPC statuses. */
const NOT_FOUND = 5;
const ALREADY_EXISTS = 6;
const FAILED_PRECONDITION = 9;

/** RESOURCE_EXHAUSTED, ABORTED (contention), INTERNAL, UNAVAILABLE. */
const TRANSIENT_CODES = new Set([8, 10, 13, 14]);

/** One call to Firestore with the options it must be given; `signal` is aborted at the deadline. */
export type FirestoreCall<T> = (
  client: FirestoreClient,
  options: CallOptions,
  signal: AbortSignal,
) => Promise<T>;

/** Makes one call within the deadline of an operation, which may need several. */
export type Step = <T>(call: FirestoreCall<T>) => Promise<T>;

/** Makes calls to Firestore, within deadlines; the client is opened with the first one. */
export class FirestoreCalls implements AsyncDisposable {
  readonly #options: FirestoreOptions;
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  #client: Promise<FirestoreClient> | undefined;
  #closed = false;

  constructor(options: FirestoreOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#deadlineMs = options.deadlineMs ?? 2_000;
  }

  /**
   * Runs an operation of one or more steps under one deadline. A step is repeated while its failure
   * is transient, so it may have been carried out although it fails.
   *
   * @throws {BackingUnavailableError} for every failure
   */
  async run<T>(operation: (step: Step) => Promise<T>): Promise<T> {
    this.assertOpen();
    const clock = this.#clock;
    const options: CallOptions = { timeout: this.#deadlineMs, retry: null };
    const deadline = { clock, backing: 'record-store', deadlineMs: this.#deadlineMs } as const;
    try {
      return await withDeadline(deadline, (signal) =>
        operation((call) =>
          repeat({ clock, signal, isTransient }, async () =>
            call(await this.#open(), options, signal),
          ),
        ),
      );
    } catch (cause) {
      throw asUnavailable(cause);
    }
  }

  assertOpen(): void {
    if (this.#closed) {
      throw new BackingUnavailableError('record-store', 'closed');
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    const client = this.#client;
    this.#client = undefined;
    await (await client)?.close();
  }

  async #open(): Promise<FirestoreClient> {
    this.#client ??= openFirestoreClient(this.#options.emulatorAddress);
    return this.#client;
  }
}

/** Whether a write failed because the document was not in the state that it was to be in. */
export function isUnmet(error: unknown): boolean {
  return [NOT_FOUND, ALREADY_EXISTS, FAILED_PRECONDITION].includes(codeOf(error) ?? -1);
}

export function isNotFound(error: unknown): boolean {
  return codeOf(error) === NOT_FOUND;
}

function isTransient(error: unknown): boolean {
  return TRANSIENT_CODES.has(codeOf(error) ?? -1);
}

function codeOf(error: unknown): number | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'number'
    ? error.code
    : undefined;
}

function asUnavailable(cause: unknown): BackingUnavailableError {
  if (cause instanceof BackingUnavailableError) {
    return cause;
  }
  const message = cause instanceof Error ? cause.message : String(cause);
  return new BackingUnavailableError('record-store', message, { cause });
}
