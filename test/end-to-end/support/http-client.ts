import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { buffer } from 'node:stream/consumers';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The local port of the connection, which tells one connection from another. */
  readonly connection: number;
}

export interface Posting {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** Without a declared length. */
  readonly isChunked?: boolean;
}

export const PARCEL_TYPE = 'application/vnd.awala.parcel';

/** Posts over one connection, which is kept as long as the server keeps it. */
export class HttpClient implements Disposable {
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(port: number) {
    this.#port = port;
  }

  post(path: string, posting: Posting = {}): Promise<Answer> {
    const { body = '', isChunked = false } = posting;
    const length = isChunked ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    return this.#send('POST', path, { ...length, ...posting.headers }, body);
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
  ): Promise<Answer> {
    const agent = this.#agent;
    const options = { host: '127.0.0.1', port: this.#port, method, path, headers, agent };
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
