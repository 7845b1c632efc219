import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** A TCP server on the loopback interface that speaks whatever its connections are told to. */
export class RawServer implements AsyncDisposable {
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((socket) => {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => this.#sockets.delete(socket));
    this.#onConnection(socket);
  });
  readonly #onConnection: (socket: Socket) => void;

  private constructor(onConnection: (socket: Socket) => void) {
    this.#onConnection = onConnection;
  }

  static async start(onConnection: (socket: Socket) => void = () => {}): Promise<RawServer> {
    const server = new RawServer(onConnection);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) {
      socket.destroy();
    }
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** A port on which nobody listens any more. */
export async function closedPort(): Promise<number> {
  await using server = await RawServer.start();
  return server.port;
}
