import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { loadCredentials, type RequestHeaders } from './credentials.ts';

export interface GcsRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Path and query, escaped. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Written one after the other, without copying them together. */
  readonly body?: readonly Uint8Array[];
}

export interface GcsResponse {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** Idle connections are dropped before the service does so, lest a request be lost on one. */
const KEEP_IDLE_MS = 20_000;

/**
 * The HTTP requests of the Cloud Storage APIs, with credentials, over kept connections.
 *
 * Goes past the client library's own request code, which takes ten times the CPU of the
 * requests that parcels need; credentials still come from the library.
 */
export class GcsHttpClient implements Disposable {
  readonly #origin: URL;
  readonly #agent: HttpAgent | HttpsAgent;
  #credentials: Promise<RequestHeaders> | undefined;

  constructor(apiEndpoint: string, maxConnections: number) {
    this.#origin = new URL(apiEndpoint);
    const options = { keepAlive: true, maxSockets: maxConnections, timeout: KEEP_IDLE_MS };
    this.#agent = this.#isSecure() ? new HttpsAgent(options) : new HttpAgent(options);
  }

  /** @throws the failure of the connection, or the signal's reason */
  async send(request: GcsRequest, signal: AbortSignal): Promise<GcsResponse> {
    const authorization = this.#isSecure() ? await this.#authorize() : {};
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<GcsResponse>();
    const send = this.#isSecure() ? httpsRequest : httpRequest;
    const length = request.body?.reduce((total, part) => total + part.length, 0);
    const outgoing = send(new URL(request.path, this.#origin), {
      method: request.method,
      agent: this.#agent,
      signal,
      headers: {
        ...authorization,
        ...request.headers,
        ...(length === undefined ? {} : { 'content-length': length }),
      },
    });
    outgoing.on('error', reject).on('response', (incoming) => {
      readResponse(incoming).then(resolve, reject);
    });
    for (const part of request.body ?? []) {
      outgoing.write(part);
    }
    outgoing.end();
    return promise;
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  async #authorize(): Promise<Readonly<Record<string, string>>> {
    this.#credentials ??= loadCredentials();
    try {
      return await (await this.#credentials)();
    } catch (error) {
      this.#credentials = undefined;
      throw error;
    }
  }

  #isSecure(): boolean {
    return this.#origin.protocol === 'https:';
  }
}

async function readResponse(incoming: IncomingMessage): Promise<GcsResponse> {
  const parts: Buffer[] = [];
  for await (const part of incoming) {
    parts.push(part);
  }
  if (!incoming.complete) {
    throw new Error('the answer was cut');
  }
  const body = parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
  return { status: incoming.statusCode ?? 0, headers: incoming.headers, body };
}
