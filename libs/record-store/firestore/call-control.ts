import { AsyncLocalStorage } from 'node:async_hooks';
import type { EventEmitter } from 'node:events';

/** What gRPC shows a transformer before a call is made: a unary one has a callback, others are streams. */
interface Invocation {
  readonly call: EventEmitter & { cancel(): void };
  callback?: (error: Error | null, value?: never) => void;
}

/** A status of gRPC that the library does not repeat. */
const CANCELLED = 1;

/** Those that it may: DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, INTERNAL, UNAVAILABLE. */
const REPEATED = new Set<unknown>([4, 8, 10, 13, 14]);

/**
 * Has a client library make the calls of an operation once, and not longer than somebody waits for it.
 *
 * The Firestore library takes neither signal nor deadline. Its own are a minute for each attempt and ten for all
 * of them: a write could be carried out long after its caller was told that it failed. Here calls are
 * cancelled with their operation, and what fails looks to the library as if it were, so that it fails at
 * once; gRPC has repeated it by then.
 */
export class CallControl {
  readonly #signals = new AsyncLocalStorage<AbortSignal>();
  readonly #codes = new WeakMap<Error, unknown>();

  /** Runs the operation; every call made in the course of it is cancelled when the signal is aborted. */
  during<T>(signal: AbortSignal, operation: () => Promise<T>): Promise<T> {
    return this.#signals.run(signal, operation);
  }

  /** gRPC's `callInvocationTransformer`, by which this takes effect. */
  readonly transform = <I extends Invocation>(invocation: I): I => {
    const { call, callback } = invocation;
    const signal = this.#signals.getStore();
    const cancel = () => call.cancel();
    if (signal?.aborted) {
      // There is nothing to cancel until the call was made.
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

  /** Gives the failure of a call its own status back. */
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
