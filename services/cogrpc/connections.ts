import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { ConnectionInjector } from '@grpc/grpc-js';
import type { FairShares, Share } from '#bounds/fair-shares.ts';
import type { ClientNetworks } from '#runtime/http/client-networks.ts';
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

/** A connection of a courier. */
interface Connection {
  /** Names it among the others. */
  readonly id: string;
  /** Octets that the network took so far. */
  readonly written: () => number;
  /** Shows that something gets on over it, so that others of its network are closed before it. */
  touch(): void;
}

interface OpenConnection extends Connection {
  /** By which gRPC knows its peer. */
  readonly name: string;
}

/**
 * The connections of a gRPC server, those that another server accepted included: divided by who
 * opened them, and cut when their peer does not let a call end.
 *
 * At the bound, one more is closed at once, or the idlest of those who hold most.
 */
export class Connections {
  readonly #server = createServer({ noDelay: true }, (socket) => this.take(socket));
  readonly #open = new Map<Socket, OpenConnection>();
  /** The latest of each name; ports of ours may have one from the same address each. */
  readonly #byName = new Map<string, OpenConnection>();
  readonly #injector: ConnectionInjector;
  readonly #shares: FairShares;
  readonly #networks: ClientNetworks;
  #count = 0;
  #refusesMore = false;

  /** @param shares - of connections */
  constructor(injector: ConnectionInjector, shares: FairShares, networks: ClientNetworks) {
    this.#injector = injector;
    this.#shares = shares;
    this.#networks = networks;
  }

  get size(): number {
    return this.#open.size;
  }

  /** @returns the port, chosen by the system if 0 was asked for */
  async listen(where: Where): Promise<number> {
    this.#server.listen(where);
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  /** Serves a connection, which another server may have accepted; cuts it if there are too many. */
  take(socket: Socket): void {
    this.#count += 1;
    const id = `connection ${this.#count}`;
    const who = [...this.#networks.pathOfConnection(socket), id];
    const share = this.#refusesMore ? null : this.#shares.take(who, 1, () => socket.destroy());
    if (share) {
      this.#accept(socket, id, share);
    } else {
      socket.destroy();
    }
  }

  /** @param peer - address and port, as gRPC names it; null if it is gone */
  of(peer: string): Connection | null {
    return this.#byName.get(peer) ?? null;
  }

  /** Accepts no new connections; the present ones stay. */
  refuseMore(): void {
    this.#refusesMore = true;
    this.#server.close();
  }

  /**
   * Cuts a peer's connection, unless it is a trusted proxy's, which others share; that is cut once
   * it answers no ping.
   *
   * @param peer - address and port, as gRPC names it
   */
  cut(peer: string): void {
    for (const [socket, { name }] of this.#open) {
      if (name === peer && !this.#networks.isProxy(socket)) {
        socket.destroy();
      }
    }
  }

  cutAll(): void {
    for (const socket of this.#open.keys()) {
      socket.destroy();
    }
  }

  #accept(socket: Socket, id: string, share: Share): void {
    const name = `${socket.remoteAddress}:${socket.remotePort}`;
    const written = () => socket.bytesWritten;
    const connection = { name, id, written, touch: () => share.touch() };
    this.#open.set(socket, connection);
    this.#byName.set(name, connection);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => {
      share.release();
      this.#open.delete(socket);
      if (this.#byName.get(name) === connection) {
        this.#byName.delete(name);
      }
    });
    this.#injector.injectConnection(socket);
  }
}
