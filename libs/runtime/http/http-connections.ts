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
  readonly #max: number;
  readonly #onClosed: (socket: Socket) => void;
  /** Of all connections, those that another server accepted. */
  readonly #taken = new WeakSet<Socket>();
  #takenCount = 0;
  #closed: Promise<unknown> | null = null;
  #noneLeft = () => {};
  #noNewcomers = () => {};

  /**
   * @param max - of all connections, whoever accepted them
   * @param onClosed - called for each that is closed
   */
  constructor(server: Server, clock: Clock, max: number, onClosed: (socket: Socket) => void) {
    this.#server = server;
    this.#clock = clock;
    this.#max = max;
    this.#onClosed = onClosed;
    server.maxConnections = max;
    const ended = (socket: Socket) => this.#ended(socket);
    // One function for all: there may be thousands of connections, and idle for hours.
    const onClose = function (this: Socket) {
      ended(this);
    };
    server.on('connection', (socket: Socket) => {
      this.#all.add(socket);
      this.#newcomers.add(socket);
      socket.on('close', onClose);
    });
    server.on('request', ({ socket }) => this.broughtRequest(socket));
  }

  /** Serves a connection that another server accepted; cuts it if there are too many. */
  take(socket: Socket): void {
    if (this.#all.size >= this.#max) {
      socket.destroy();
      return;
    }
    this.#taken.add(socket);
    this.#countTaken(1);
    socket.once('close', () => this.#countTaken(-1));
    this.#server.emit('connection', socket);
  }

  /** Whether it came by {@link take}. */
  wasTaken(socket: Socket): boolean {
    return this.#taken.has(socket);
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
    if (this.#all.size > 0) {
      await new Promise<void>((resolve) => {
        this.#noneLeft = resolve;
      });
    }
  }

  cut(): void {
    cutAll(this.#all);
  }

  #ended(socket: Socket): void {
    this.#all.delete(socket);
    this.broughtRequest(socket);
    this.#onClosed(socket);
    if (this.#all.size === 0) {
      this.#noneLeft();
    }
  }

  /** Node counts only what it accepted here, and shares the limit so with the others. */
  #countTaken(change: number): void {
    this.#takenCount += change;
    this.#server.maxConnections = this.#max - this.#takenCount;
  }
}

function cutAll(sockets: Iterable<Socket>): void {
  for (const socket of sockets) {
    socket.destroy();
  }
}
