import type { Dispatcher } from 'undici';

/** An answer with its whole body. */
interface WholeAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly octets: Buffer;
}

type Controller = Dispatcher.DispatchController;

/**
 * Sends a request and takes its whole answer, by the lowest interface that undici has: its `request`
 * makes a stream of each answer, which costs more than the small ones themselves.
 *
 * @param signal - ends the request together with its connection
 * @throws what ended it, or the signal's reason
 */
export async function exchange(
  connections: Dispatcher,
  request: Dispatcher.DispatchOptions,
  signal?: AbortSignal,
): Promise<WholeAnswer> {
  signal?.throwIfAborted();
  const answer = new AnswerCollector(signal);
  connections.dispatch(request, answer);
  return answer.whole;
}

/** Collects one answer, piece by piece. */
class AnswerCollector implements Dispatcher.DispatchHandler {
  readonly #answer = Promise.withResolvers<WholeAnswer>();
  readonly #signal: AbortSignal | undefined;
  readonly #pieces: Buffer[] = [];
  #controller: Controller | null = null;
  #statusCode = 0;
  #headers: WholeAnswer['headers'] = {};

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
    signal?.addEventListener('abort', this.#abort, { once: true });
  }

  get whole(): Promise<WholeAnswer> {
    return this.#answer.promise;
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    if (this.#signal?.aborted) {
      this.#abort();
    }
  }

  onResponseStart(_: Controller, statusCode: number, headers: WholeAnswer['headers']): void {
    this.#statusCode = statusCode;
    this.#headers = headers;
  }

  onResponseData(_: Controller, piece: Buffer): void {
    this.#pieces.push(piece);
  }

  onResponseEnd(): void {
    this.#stopListening();
    const [first, ...rest] = this.#pieces;
    const octets = first && rest.length === 0 ? first : Buffer.concat(this.#pieces);
    this.#answer.resolve({ statusCode: this.#statusCode, headers: this.#headers, octets });
  }

  onResponseError(_: Controller, error: Error): void {
    this.#stopListening();
    this.#answer.reject(error);
  }

  /** A request that waits for a connection is not sent any more; nobody waits for that. */
  readonly #abort = () => {
    const reason = this.#signal?.reason;
    this.#controller?.abort(reason);
    this.#answer.reject(reason);
  };

  #stopListening(): void {
    this.#signal?.removeEventListener('abort', this.#abort);
  }
}
