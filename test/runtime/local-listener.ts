import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';

/** The listening half of a server in a test, which cuts its connections when it is closed. */
export class LocalListener implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  /** @param server - of TCP, TLS or HTTP, not listening yet */
  constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => this.keep(socket));
  }

  /** Resolves once clients can connect; by default, to a port that the system chooses. */
  async listen(port = 0, host = '127.0.0.1'): Promise<void> {
    this.#server.listen(port, host);
    await once(this.#server, 'listening');
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Cuts this socket as well, such as one to a server behind. */
  keep<Kind extends Socket>(socket: Kind): Kind {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    return socket;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) {
      socket.destroy();
    }
    await closed;
  }
}
