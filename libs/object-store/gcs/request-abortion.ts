import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';

/** Node's announcement of each HTTP request of this process, made where the request is. */
const CHANNEL = 'http.client.request.created';

/**
 * Ends the HTTP requests that a client library makes on behalf of a call once nobody waits for
 * the call any more.
 *
 * The Cloud Storage library takes no signal, and its `timeout` has no effect
 * (googleapis/google-cloud-node#7998): a request that is never answered would keep its connection, and
 * the body that it carries, for good.
 */
export class RequestAbortion implements Disposable {
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

  /** Makes the call; every request made in the course of it fails with the signal's reason when that is aborted. */
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
    // The channel tells of a request that is not complete yet, so that it cannot end at once.
    process.nextTick(abort);
  }
}
