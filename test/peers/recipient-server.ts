import * as http from 'node:http';
import * as https from 'node:https';
import type { TlsCertificate } from '#certificates/port.ts';
import { LocalListener } from '#test/runtime/local-listener.ts';

/** A complete request. */
interface ReceivedRequest {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

export type Behaviour = (
  response: http.ServerResponse,
  request: ReceivedRequest,
) => void | Promise<void>;

export const answers =
  (status: number, headers: http.OutgoingHttpHeaders = {}): Behaviour =>
  (response) => {
    response.writeHead(status, headers).end();
  };

/** An Internet app on the loopback interface, over HTTP or HTTPS. */
export class RecipientServer implements AsyncDisposable {
  readonly received: ReceivedRequest[] = [];
  /** Connections since the start. */
  connections = 0;
  behaviour: Behaviour = answers(202);
  readonly #scheme: string;
  readonly #listener: LocalListener;

  private constructor(tls: TlsCertificate | null) {
    const serve = (request: http.IncomingMessage, response: http.ServerResponse) => {
      request.on('error', () => {});
      response.on('error', () => {});
      void this.#serve(request, response).catch(() => response.destroy());
    };
    this.#scheme = tls ? 'https' : 'http';
    const server = tls
      ? https.createServer({ key: tls.key, cert: tls.chain }, serve)
      : http.createServer(serve);
    server.on('connection', () => {
      this.connections++;
    });
    this.#listener = new LocalListener(server);
  }

  static async start(tls: TlsCertificate | null = null): Promise<RecipientServer> {
    const recipient = new RecipientServer(tls);
    await recipient.#listener.listen();
    return recipient;
  }

  get port(): number {
    return this.#listener.port;
  }

  url(host: string, path = '/'): string {
    return `${this.#scheme}://${host}:${this.port}${path}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener[Symbol.asyncDispose]();
  }

  async #serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) {
      chunks.push(chunk);
    }
    const { method, url: path, headers } = request;
    const received = { method, path, headers, body: Buffer.concat(chunks) };
    this.received.push(received);
    await this.behaviour(response, received);
  }
}
