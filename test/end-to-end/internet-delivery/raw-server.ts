import { createServer, type Socket } from 'node:net';
import { LocalListener } from '#test/runtime/local-listener.ts';

/** A TCP server on the loopback interface that speaks whatever its connections are told to. */
export class RawServer implements AsyncDisposable {
  readonly #listener: LocalListener;

  private constructor(onConnection: (socket: Socket) => void) {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      onConnection(socket);
    });
    this.#listener = new LocalListener(server);
  }

  static async start(onConnection: (socket: Socket) => void = () => {}): Promise<RawServer> {
    const server = new RawServer(onConnection);
    await server.#listener.listen();
    return server;
  }

  get port(): number {
    return this.#listener.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener[Symbol.asyncDispose]();
  }
}

/** A port on which nobody listens any more. */
export async function closedPort(): Promise<number> {
  await using server = await RawServer.start();
  return server.port;
}
