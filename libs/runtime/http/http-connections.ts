import { once } from 'node:events';
import type { Server } from 'node:http';
import { type Socket, Server as TcpServer } from 'node:net';
import { inTime } from '#bounds/deadline.ts';
import { FairShares, type Share, type Who } from '#bounds/fair-shares.ts';
import type { Clock } from '#clock/clock.ts';
import type { HttpLimits } from './http-limits.ts';

type ConnectionLimits = Pick<HttpLimits, 'maxConnections' | 'idleMs'>;

interface ConnectionParts {
  /** How connections are divided. */
  readonly whoHas: (socket: Socket) => Who;
  /** Called for each that gives way to others. */
  readonly onGivenWay: () => void;
  /** Called for each that is closed, whoever closes it. */
  readonly onClosed: (socket: Socket) => void;
}

/**
 * The TCP connections of an HTTP server: shared fairly between networks, and closed in order.
 *
 * One that gives way is cut, as if the network had lost it.
 */
export class HttpConnections {
  readonly #server: Server;
  readonly #clock: Clock;
  readonly #all = new Set<Socket>();
  /** Of those without an upgrade. */
  readonly #shares = new Map<Socket, Share>();
  readonly #fairShares: FairShares;
  /** Those without a request yet. */
  readonly #newcomers = new Set<Socket>();
  readonly #whoHas: (socket: Socket) => Who;
  readonly #onClosed: (socket: Socket) => void;
  /** Of all connections, those that another server accepted. */
  readonly #taken = new WeakSet<Socket>();
  #closed: Promise<unknown> | null = null;
  #noneLeft = () => {};
  #noNewcomers = () => {};

  constructor(
    server: Server,
    clock: Clock,
    { maxConnections, idleMs }: ConnectionLimits,
    { whoHas, onGivenWay, onClosed }: ConnectionParts,
  ) {
    this.#server = server;
    this.#clock = clock;
    this.#whoHas = whoHas;
    this.#onClosed = onClosed;
    this.#fairShares = new FairShares({
      capacity: maxConnections,
      idle: { afterMs: idleMs, clock },
      onGivenWay,
    });
    const ended = (socket: Socket) => this.#ended(socket);
    // One function for all: there may be thousands of connections, and idle for hours.
    const onClose = function (this: Socket) {
      ended(this);
    };
    server.on('connection', (socket: Socket) => {
      if (this.#admit(socket)) {
        this.#all.add(socket);
        this.#newcomers.add(socket);
        socket.on('close', onClose);
      }
    });
    server.on('request', ({ socket }) => {
      this.touch(socket);
      this.broughtRequest(socket);
    });
  }

  /** Serves a connection that another server accepted. */
  take(socket: Socket): void {
    this.#taken.add(socket);
    this.#server.emit('connection', socket);
  }

  /** Whether it came by {@link take}. */
  wasTaken(socket: Socket): boolean {
    return this.#taken.has(socket);
  }

  /** Call it when a connection brings something, so that idle ones of its network go before it. */
  touch(socket: Socket): void {
    this.#shares.get(socket)?.touch();
  }

  /** Call it for a connection that was upgraded: from now on, others limit it. */
  upgraded(socket: Socket): void {
    this.#shares.get(socket)?.release();
    this.#shares.delete(socket);
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

  #admit(socket: Socket): boolean {
    if (socket.destroyed) {
      return false;
    }
    const share = this.#fairShares.take(this.#whoHas(socket), 1, () => socket.destroy());
    if (share) {
      this.#shares.set(socket, share);
    } else {
      socket.destroy();
    }
    return share !== null;
  }

  #ended(socket: Socket): void {
    this.#all.delete(socket);
    this.upgraded(socket);
    this.broughtRequest(socket);
    this.#onClosed(socket);
    if (this.#all.size === 0) {
      this.#noneLeft();
    }
  }
}

function cutAll(sockets: Iterable<Socket>): void {
  for (const socket of sockets) {
    socket.destroy();
  }
}
