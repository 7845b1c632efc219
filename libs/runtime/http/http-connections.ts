import { once } from 'node:events';
import type { Server } from 'node:http';
import { type Socket, Server as TcpServer } from 'node:net';
import { inTime } from '#bounds/deadline.ts';
import type { Clock } from '#clock/clock.ts';

/** The TCP connections of an HTTP server, for closing them in order. */
export class HttpConnections {
  readonly #server: Server;
  readonly #clock: Clock;
  readonly #all = new Set<Socket>();
  /** Those without a request yet. */
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

  /** Call it for each request that is no `request` event of the server. */
  broughtRequest(socket: Socket): void {
    this.#newcomers.delete(socket);
    if (this.#newcomers.size === 0) {
      this.#noNewcomers();
    }
  }

  /**
   * Accepts no more connections. Keeps the present ones, even those without a request yet, which
   * the HTTP server would reset. Safe to repeat.
   */
  stopAccepting(): void {
    if (this.#server.listening) {
      this.#closed = once(this.#server, 'close');
      TcpServer.prototype.close.call(this.#server);
    }
  }

  /** Gives each connection `boundMs` to send a request, then cuts those without one. */
  async endNewcomers(boundMs: number): Promise<void> {
    if (this.#newcomers.size > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#noNewcomers = resolve;
      await inTime(this.#clock, boundMs, promise, () => cutAll(this.#newcomers));
    }
  }

  /** After {@link stopAccepting}: resolves once none are left. */
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
