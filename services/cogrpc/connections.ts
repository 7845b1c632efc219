import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { ConnectionInjector } from '@grpc/grpc-js';
import type { PassedSockets } from '#runtime/passed-sockets.ts';

/** An address, or the descriptor of a socket that listens already. */
export type Where = { readonly host: string; readonly port: number } | { readonly fd: number };

/** At an address, unless a parent holds the listening socket. */
export function whereToListen(
  address: { readonly host: string; readonly port: number },
  passed: PassedSockets,
): Where {
  const fd = passed.get('cogrpc');
  return fd === undefined ? address : { fd };
}

/**
 * The connections of a gRPC server, those that another server accepted included: limited in number,
 * and cut when their peer does not let a call end.
 */
export class Connections {
  readonly #server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
  /** With the name by which gRPC knows its peer. */
  readonly #sockets = new Map<Socket, string>();
  readonly #injector: ConnectionInjector;
  readonly #max: number;
  #taken = 0;
  #refusesMore = false;

  constructor(injector: ConnectionInjector, maxConnections: number) {
    this.#injector = injector;
    this.#max = maxConnections;
    this.#server.maxConnections = maxConnections;
  }

  get size(): number {
    return this.#sockets.size;
  }

  /** @returns the port, chosen by the system if 0 was asked for */
  async listen(where: Where): Promise<number> {
    this.#server.listen(where);
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  /** Serves a connection that another server accepted; cuts it if there are too many. */
  take(socket: Socket): void {
    if (this.#refusesMore || this.#sockets.size >= this.#max) {
      socket.destroy();
      return;
    }
    this.#countTaken(1);
    socket.once('close', () => this.#countTaken(-1));
    this.#accept(socket);
  }

  /** Accepts no new connections; the present ones stay. */
  refuseMore(): void {
    this.#refusesMore = true;
    this.#server.close();
  }

  /** @param peer - address and port, as gRPC names it */
  cut(peer: string): void {
    for (const [socket, name] of this.#sockets) {
      if (name === peer) {
        socket.destroy();
      }
    }
  }

  cutAll(): void {
    for (const socket of this.#sockets.keys()) {
      socket.destroy();
    }
  }

  #accept(socket: Socket): void {
    this.#sockets.set(socket, `${socket.remoteAddress}:${socket.remotePort}`);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#sockets.delete(socket));
    this.#injector.injectConnection(socket);
  }

  /** Node counts only what it accepted here, and shares the limit so with the others. */
  #countTaken(change: number): void {
    this.#taken += change;
    this.#server.maxConnections = this.#max - this.#taken;
  }
}
