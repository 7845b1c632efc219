import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { buffer } from 'node:stream/consumers';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The connection's local port, to tell connections apart. */
  readonly connection: number;
}

export interface Posting {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** Whether to send the body in chunks, without its length. */
  readonly isChunked?: boolean;
  /** Closes the connection, if aborted before the answer. */
  readonly signal?: AbortSignal;
}

export const PARCEL_TYPE = 'application/vnd.awala.parcel';

/** Posts over one connection, or more if allowed; keeps them alive as long as the server does. */
export class HttpClient implements Disposable {
  readonly #port: number;
  readonly #agent: Agent;

  /** @param from - the address to connect from; the system's choice by default */
  constructor(
    port: number,
    { maxSockets = 1, from }: { readonly maxSockets?: number; readonly from?: string } = {},
  ) {
    this.#port = port;
    const localAddress = from === undefined ? {} : { localAddress: from };
    this.#agent = new Agent({ keepAlive: true, maxSockets, ...localAddress });
  }

  post(path: string, posting: Posting = {}): Promise<Answer> {
    const { body = '', isChunked = false, signal } = posting;
    const length = isChunked ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    return this.#send('POST', path, { ...length, ...posting.headers }, body, signal);
  }

  get(path: string): Promise<Answer> {
    return this.#send('GET', path, {}, '');
  }

  head(path: string): Promise<Answer> {
    return this.#send('HEAD', path, {}, '');
  }

  send(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    return this.#send(method, path, headers, '');
  }

  #send(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body: Uint8Array | string,
    signal?: AbortSignal,
  ): Promise<Answer> {
    const target = { host: '127.0.0.1', port: this.#port, method, path, headers };
    const options = { ...target, agent: this.#agent, ...(signal && { signal }) };
    return new Promise((resolve, reject) => {
      const outgoing = request(options, (response) => {
        const { statusCode: status = 0 } = response;
        const connection = response.socket.localPort ?? 0;
        buffer(response).then(
          (content) => resolve({ status, headers: response.headers, body: content, connection }),
          reject,
        );
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}
