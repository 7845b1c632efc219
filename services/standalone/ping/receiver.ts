import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { constants } from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import { bareHost } from '../reach/url-host.ts';

const { HTTP_STATUS_ACCEPTED, HTTP_STATUS_PAYLOAD_TOO_LARGE, HTTP_STATUS_SERVICE_UNAVAILABLE } =
  constants;

/** An Internet app that the ping plays. */
export interface ReceiverTarget {
  /** In canonical form. */
  readonly internetAddress: string;
  /** Where to listen: scheme, host and port. */
  readonly at: URL;
  /** In PEM; null for `http:`. */
  readonly identity: { readonly key: string; readonly cert: string } | null;
}

const MAX_CONNECTIONS = 20;
const MAX_BODY_OCTETS = 1_048_576;
const REQUEST_TIMEOUT_MS = 10_000;

/** Takes one parcel, and tells everyone else to come again. */
export class Receiver implements AsyncDisposable {
  readonly #server;
  readonly #arrived = Promise.withResolvers<void>();
  #expected: Uint8Array | null = null;

  private constructor(identity: ReceiverTarget['identity']) {
    const serve = (request: IncomingMessage, response: ServerResponse) => {
      this.#serve(request, response).catch(() => response.destroy());
    };
    this.#server = identity ? createTlsServer(identity, serve) : createServer(serve);
    this.#server.maxConnections = MAX_CONNECTIONS;
    this.#server.requestTimeout = REQUEST_TIMEOUT_MS;
  }

  /** @throws if it cannot listen there */
  static async listen({ at, identity }: ReceiverTarget): Promise<Receiver> {
    const receiver = new Receiver(identity);
    const port = Number(at.port || (identity ? 443 : 80));
    receiver.#server.listen({ host: bareHost(at.hostname), port });
    await once(receiver.#server, 'listening');
    return receiver;
  }

  /** Resolves once exactly this parcel is posted. */
  async expect(parcel: Uint8Array, signal: AbortSignal): Promise<void> {
    this.#expected = parcel;
    const late = Promise.withResolvers<never>();
    signal.addEventListener('abort', () => late.reject(signal.reason), { once: true });
    await Promise.race([this.#arrived.promise, late.promise]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    let octets = 0;
    for await (const chunk of request) {
      octets += (chunk as Buffer).length;
      if (octets > MAX_BODY_OCTETS) {
        response.writeHead(HTTP_STATUS_PAYLOAD_TOO_LARGE, { connection: 'close' }).end();
        return;
      }
      chunks.push(chunk);
    }
    const isIt = this.#expected !== null && Buffer.concat(chunks).equals(this.#expected);
    response.writeHead(isIt ? HTTP_STATUS_ACCEPTED : HTTP_STATUS_SERVICE_UNAVAILABLE).end();
    if (isIt) {
      this.#arrived.resolve();
    }
  }
}
