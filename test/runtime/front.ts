import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** A listening socket that gives its connections to another server, as the public port does. */
export class Front implements AsyncDisposable {
  readonly #server: Server;
  readonly #connections = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (connection) => {
      this.#connections.add(connection);
      connection.once('close', () => this.#connections.delete(connection));
    });
  }

  static async before(behind: { take(connection: Socket): void }): Promise<Front> {
    const server = createServer((connection) => behind.take(connection));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Front(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const connection of this.#connections) {
      connection.destroy();
    }
    await closed;
  }
}
