import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';

const COLLECTION_PATH = '/v1/parcel-collection';

/** Makes PoWeb and collection one host to their clients, as the edge of a deployment does. */
export class SmallEdge implements AsyncDisposable {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @param backends - the ports that the services listen on */
  static async start(backends: {
    readonly poweb: number;
    readonly collection: number;
  }): Promise<SmallEdge> {
    const server = createServer((incoming, outgoing) =>
      forward(backends.poweb, incoming, outgoing),
    );
    server.on('upgrade', (incoming, socket, head) => {
      const isCollection = incoming.url?.startsWith(COLLECTION_PATH) ?? false;
      tunnel(isCollection ? backends.collection : backends.poweb, incoming, socket, head);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new SmallEdge(server);
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address ? address.port : 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}

function forward(port: number, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { method, url, headers } = incoming;
  const request = httpRequest({
    port,
    host: '127.0.0.1',
    method,
    path: url,
    headers,
    agent: false,
  });
  request.on('error', () => outgoing.destroy());
  request.on('response', (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  incoming.pipe(request);
}

function tunnel(port: number, incoming: IncomingMessage, socket: Duplex, head: Buffer): void {
  const backend = connect(port, '127.0.0.1');
  const lines = [`${incoming.method} ${incoming.url} HTTP/1.1`];
  for (let index = 0; index < incoming.rawHeaders.length; index += 2) {
    lines.push(`${incoming.rawHeaders[index]}: ${incoming.rawHeaders[index + 1]}`);
  }
  backend.write(`${lines.join('\r\n')}\r\n\r\n`);
  backend.write(head);
  backend.pipe(socket);
  socket.pipe(backend);
  backend.on('error', () => socket.destroy());
  socket.on('error', () => backend.destroy());
  socket.on('close', () => backend.destroy());
}
