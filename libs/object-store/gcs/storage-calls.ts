import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import type { Bucket, Storage } from '@google-cloud/storage';
import { CallLimit, callInTime, repeat } from '#backing/calls.ts';
import { BackingUnavailableError } from '#backing/errors.ts';
import { type Clock, systemClock } from '#clock/clock.ts';
import { asStatusError, isTransient } from './errors.ts';
import type { GcsOptions } from './options.ts';

/** Requests at once, each over a connection of its own. */
const MOST_CONNECTIONS = 64;

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

/** Node announces each HTTP request on this channel, in the context that makes it. */
const CHANNEL = 'http.client.request.created';

/**
 * Aborts the HTTP requests that a client library makes for a call once nobody waits for that call.
 *
 * The Cloud Storage library takes no signal and ignores `timeout`
 * (googleapis/google-cloud-node#7998): an unanswered request would hold its connection and its body
 * for ever.
 */
class RequestAbortion implements Disposable {
  readonly #signals = new AsyncLocalStorage<AbortSignal>();
  readonly #onRequest = (message: unknown) => {
    const signal = this.#signals.getStore();
    if (signal) {
      const { request } = message as { readonly request: ClientRequest };
      abortWith(signal, request);
    }
  };

  constructor() {
    subscribe(CHANNEL, this.#onRequest);
  }

  /** Makes the call; its requests fail with the signal's reason once that is aborted. */
  during<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    return this.#signals.run(signal, call);
  }

  [Symbol.dispose](): void {
    unsubscribe(CHANNEL, this.#onRequest);
  }
}

function abortWith(signal: AbortSignal, request: ClientRequest): void {
  const abort = () => void request.destroy(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  request.once('close', () => signal.removeEventListener('abort', abort));
  if (signal.aborted) {
    // The request is not complete when announced, so it cannot be destroyed at once.
    process.nextTick(abort);
  }
}

type Interceptor = Storage['interceptors'][number];

interface BucketOptions extends Pick<GcsOptions, 'bucket' | 'apiEndpoint'> {
  /** Project to create the bucket in. */
  readonly project?: string;
}

const OVER_CONNECTIONS_OF_NODE: Interceptor = {
  request: (options) => ({ ...options, forever: false }) as ReturnType<Interceptor['request']>,
};

/**
 * Loads the client library (a third of a second) and returns a bucket; makes no request.
 *
 * The library's retries are off: its first pause is a second, and a call has two. So are its own
 * connections (`forever`), all of which it cuts when one download fails: requests use those that
 * Node keeps.
 */
async function openBucket({ bucket, apiEndpoint, project }: BucketOptions): Promise<Bucket> {
  const { Storage } = await import('@google-cloud/storage');
  const endpoint = apiEndpoint ? new URL(apiEndpoint) : null;
  const storage = new Storage({
    retryOptions: { autoRetry: false },
    ...(project !== undefined && { projectId: project }),
    ...(endpoint && {
      apiEndpoint: endpoint.origin,
      useAuthWithCustomEndpoint: endpoint.protocol === 'https:',
    }),
  });
  storage.interceptors.push(OVER_CONNECTIONS_OF_NODE);
  return storage.bucket(bucket);
}
