import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';

/** Node announces each HTTP request on this channel, in the context that makes it. */
const CHANNEL = 'http.client.request.created';

/**
 * Aborts the HTTP requests that a client library makes for a call once nobody waits for that call.
 *
 * The Cloud Storage library takes no signal and ignores `timeout`
 * (googleapis/google-cloud-node#7998): an unanswered request would hold its connection and its body
 * for ever.
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
