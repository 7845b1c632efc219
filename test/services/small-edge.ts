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

/** The ports that the services listen on. */
export interface EdgeBackends {
  readonly poweb: number;
  readonly collection: number;
}

/** Makes PoWeb and collection one host for clients, as a deployment's edge does. */
export class SmallEdge implements AsyncDisposable {
  readonly #server: Server;
  #backends: EdgeBackends;

  private constructor(backends: EdgeBackends) {
    this.#backends = backends;
    this.#server = createServer((incoming, outgoing) =>
      forward(this.#backends.poweb, incoming, outgoing),
    );
    this.#server.on('upgrade', (incoming, socket, head) => {
      const { poweb, collection } = this.#backends;
      const isCollection = incoming.url?.startsWith(COLLECTION_PATH) ?? false;
      tunnel(isCollection ? collection : poweb, incoming, socket, head);
    });
  }

  static async start(backends: EdgeBackends): Promise<SmallEdge> {
    const edge = new SmallEdge(backends);
    edge.#server.listen(0, '127.0.0.1');
    await once(edge.#server, 'listening');
    return edge;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address ? address.port : 0;
  }

  /** From now on, new requests and connections go to these. */
  lead(backends: Partial<EdgeBackends>): void {
    this.#backends = { ...this.#backends, ...backends };
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
