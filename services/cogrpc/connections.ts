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
 * The TCP connections of a gRPC server: limited in number, and cut when their peer does not let a
 * call end.
 */
export class Connections {
  readonly #server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
  readonly #sockets = new Map<string, Socket>();
  readonly #injector: ConnectionInjector;

  constructor(injector: ConnectionInjector, maxConnections: number) {
    this.#injector = injector;
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

  /** Accepts no new connections; the present ones stay. */
  refuseMore(): void {
    this.#server.close();
  }

  /** @param peer - address and port, as gRPC names it */
  cut(peer: string): void {
    this.#sockets.get(peer)?.destroy();
  }

  cutAll(): void {
    for (const socket of this.#sockets.values()) {
      socket.destroy();
    }
  }

  #accept(socket: Socket): void {
    const peer = `${socket.remoteAddress}:${socket.remotePort}`;
    this.#sockets.set(peer, socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#sockets.delete(peer));
    this.#injector.injectConnection(socket);
  }
}
