import { once } from 'node:events';
import type { Server } from 'node:http';
import { type Socket, Server as TcpServer } from 'node:net';
import type { Clock } from '#clock/clock.ts';

/** The TCP connections of an HTTP server, to be let go in good order. */
export class HttpConnections {
  readonly #server: Server;
  readonly #clock: Clock;
  readonly #all = new Set<Socket>();
  /** Those that have not brought a request yet. */
  readonly #newcomers = new Set<Socket>();
  #closed: Promise<unknown> | null = null;
  #noNewcomers = () => {};

  constructor(server: Server, clock: Clock) {
    this.#server = server;
    this.#clock = clock;
    server.on('connection', (socket: Socket) => {
      this.#all.add(socket);
      this.#newcomers.add(socket);
      socket.once('close', () => {
        this.#all.delete(socket);
        this.broughtRequest(socket);
      });
    });
    server.on('request', ({ socket }) => this.broughtRequest(socket));
  }

  /** To be told of each request that is no `request` event of the server. */
  broughtRequest(socket: Socket): void {
    this.#newcomers.delete(socket);
    if (this.#newcomers.size === 0) {
      this.#noNewcomers();
    }
  }

  /**
   * Accepts no more connections; the present ones stay, those included that have not brought a request
   * yet, which the HTTP server would reset. Safe to call twice.
   */
  stopAccepting(): void {
    if (this.#server.listening) {
      this.#closed = once(this.#server, 'close');
      TcpServer.prototype.close.call(this.#server);
    }
  }

  /** Lets every connection bring a request within `boundMs`, then cuts those that have brought none. */
  async endNewcomers(boundMs: number): Promise<void> {
    if (this.#newcomers.size > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#noNewcomers = resolve;
      const cancel = this.#clock.schedule(boundMs, () => {
        cutAll(this.#newcomers);
        resolve();
      });
      await promise;
      cancel();
    }
  }

  /** After {@link stopAccepting}: resolves once there are none left. */
  async gone(): Promise<void> {
    await this.#closed;
  }

  cut(): void {
    cutAll(this.#all);
  }
}

function cutAll(sockets: Iterable<Socket>): void {
  for (const socket of sockets) {
    socket.destroy();
  }
}
