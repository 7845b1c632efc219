import { AsyncLocalStorage } from 'node:async_hooks';

/** What gRPC shows a transformer before a call is made. */
interface Invocation {
  readonly call: { cancel(): void };
}

/**
 * Cancels the calls that a client library makes over gRPC on behalf of an operation once nobody
 * waits for that any more.
 *
 * The Firestore library takes neither signal nor deadline. Its own are a minute for each attempt and ten for all
 * of them: a write could be carried out long after its caller was told that it failed. What was cancelled is
 * not attempted again.
 */
export class CallAbortion {
  readonly #signals = new AsyncLocalStorage<AbortSignal>();

  /** Runs the operation; every call made in the course of it is cancelled when the signal is aborted. */
  during<T>(signal: AbortSignal, operation: () => Promise<T>): Promise<T> {
    return this.#signals.run(signal, operation);
  }

  /** gRPC's `callInvocationTransformer`, by which this takes effect. */
  readonly transform = <I extends Invocation>(invocation: I): I => {
    const signal = this.#signals.getStore();
    const cancel = () => invocation.call.cancel();
    if (signal?.aborted) {
      // There is nothing to cancel until the call was made.
      process.nextTick(cancel);
    } else {
      signal?.addEventListener('abort', cancel, { once: true });
    }
    return invocation;
  };
}
