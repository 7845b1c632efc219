import type { KeyManagementServiceClient } from '@google-cloud/kms';
import { asUnavailable, CallLimit, callInTime, repeat } from '#backing/calls.ts';
import { CircuitBreaker } from '#backing/circuit-breaker.ts';
import { BackingUnavailableError } from '#backing/errors.ts';
import { type Clock, systemClock } from '#clock/clock.ts';
import { IntegrityError } from './integrity.ts';
import { callOptions, type KmsCallOptions, openKmsClient } from './kms-client.ts';
import { type GoogleKmsOptions, MAX_CONCURRENCY } from './options.ts';

const CODES = { deadlineExceeded: 4, invalidArgument: 3, resourceExhausted: 8, aborted: 10 };
const TRANSIENT_CODES = new Set([CODES.resourceExhausted, CODES.aborted, 13, 14]);

const WAITING_PER_CALL = 8;
/** For calls while the service keeps failing. */
const BREAKER = { failures: 5, openMs: 2_000 };

/** Cloud KMS rejected the input; a retry never succeeds. */
export class KmsInputError extends Error {
  constructor(cause: unknown) {
    super('Cloud KMS refused the input', { cause });
    this.name = 'KmsInputError';
  }
}

/**
 * Calls Cloud KMS with a deadline, limited concurrency, retries of transient failures, and a
 * circuit breaker. Opens the client at the first call.
 */
export class KmsCalls implements AsyncDisposable {
  readonly #options: GoogleKmsOptions;
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  readonly #limit: CallLimit;
  readonly #breaker: CircuitBreaker;
  #client: Promise<KeyManagementServiceClient> | undefined;
  #closed = false;

  constructor(options: GoogleKmsOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#deadlineMs = options.deadlineMs;
    const concurrency = options.maxConcurrency ?? MAX_CONCURRENCY;
    const waiting = concurrency * WAITING_PER_CALL;
    this.#limit = new CallLimit({ backing: 'key-vault', concurrency, waiting });
    this.#breaker = new CircuitBreaker({ ...BREAKER, clock: this.#clock, backing: 'key-vault' });
  }

  /**
   * @throws {KmsInputError} if the service rejects the input
   * @throws {BackingUnavailableError} if it does not answer, or refuses for another reason
   */
  async call<T>(
    make: (client: KeyManagementServiceClient, options: KmsCallOptions) => Promise<T>,
  ): Promise<T> {
    this.assertOpen();
    const clock = this.#clock;
    const attempt = async () => make(await this.#open(), callOptions(this.#deadlineMs));
    const isFailure = (error: unknown) => !(error instanceof KmsInputError);
    const deadline = { clock, backing: 'key-vault', deadlineMs: this.#deadlineMs } as const;
    try {
      return await this.#breaker.run(
        () =>
          callInTime(deadline, (signal) =>
            this.#limit.run(
              () => repeat({ clock, signal, isTransient }, () => attempt().catch(rethrow)),
              signal,
            ),
          ),
        isFailure,
      );
    } catch (cause) {
      throw cause instanceof KmsInputError ? cause : asUnavailable('key-vault', cause);
    }
  }

  assertOpen(): void {
    if (this.#closed) {
      throw new BackingUnavailableError('key-vault', 'closed');
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    const client = this.#client;
    this.#client = undefined;
    await (await client)?.close();
  }

  async #open(): Promise<KeyManagementServiceClient> {
    this.#client ??= openKmsClient(this.#options.emulatorAddress);
    return this.#client;
  }
}

function rethrow(error: unknown): never {
  throw codeOf(error) === CODES.invalidArgument ? new KmsInputError(error) : error;
}

function isTransient(error: unknown): boolean {
  return error instanceof IntegrityError || TRANSIENT_CODES.has(codeOf(error) ?? -1);
}

function codeOf(error: unknown): number | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'number'
    ? error.code
    : undefined;
}
