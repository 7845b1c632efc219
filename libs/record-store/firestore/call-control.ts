import { AsyncLocalStorage } from 'node:async_hooks';
import type { EventEmitter } from 'node:events';

/**
 * What gRPC passes to a transformer before a call: unary calls have a callback, others are streams.
 */
interface Invocation {
  readonly call: EventEmitter & { cancel(): void };
  callback?: (error: Error | null, value?: never) => void;
}

/** A gRPC status that the library does not retry. */
const CANCELLED = 1;

/** Those it may retry: DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, INTERNAL, UNAVAILABLE. */
const REPEATED = new Set<unknown>([4, 8, 10, 13, 14]);

/**
 * Makes a client library try each call once, and only while somebody waits for the operation.
 *
 * The Firestore library takes neither signal nor deadline: it allows a minute for an attempt and
 * ten for all, so that a write could happen long after its caller was told that it failed. This
 * cancels calls together with their operation, and presents failures to the library as
 * cancellations, which it does not retry; by then gRPC has retried.
 */
export class CallControl {
  readonly #signals = new AsyncLocalStorage<AbortSignal>();
  readonly #codes = new WeakMap<Error, unknown>();

  /** Runs the operation; aborting the signal cancels each call made in it. */
  during<T>(signal: AbortSignal, operation: () => Promise<T>): Promise<T> {
    return this.#signals.run(signal, operation);
  }

  /** To be set as gRPC's `callInvocationTransformer`. */
  readonly transform = <I extends Invocation>(invocation: I): I => {
    const { call, callback } = invocation;
    const signal = this.#signals.getStore();
    const cancel = () => call.cancel();
    if (signal?.aborted) {
      // Nothing can be cancelled before the call is made.
      process.nextTick(cancel);
    } else {
      signal?.addEventListener('abort', cancel, { once: true });
    }
    if (callback) {
      invocation.callback = (error, value) => callback(error && this.#final(error), value);
    } else {
      call.prependListener('error', (error: Error) => this.#final(error));
    }
    return invocation;
  };

  /** Gives a failed call its own status back. */
  restore(error: unknown): unknown {
    if (error instanceof Error && this.#codes.has(error)) {
      Object.assign(error, { code: this.#codes.get(error) });
    }
    return error;
  }

  #final(error: Error): Error {
    if ('code' in error && REPEATED.has(error.code)) {
      this.#codes.set(error, error.code);
      Object.assign(error, { code: CANCELLED });
    }
    return error;
  }
}
