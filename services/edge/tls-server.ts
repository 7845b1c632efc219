import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { TlsCertificate } from '#certificates/port.ts';
import type { Clock } from '#clock/clock.ts';
import type { Log } from '#log/log.ts';
import type { ClientNetworks } from '#runtime/http/client-networks.ts';
import type { PassedSockets } from '#runtime/passed-sockets.ts';
import { Handshakes } from './handshakes.ts';
import { HANDSHAKE_LIMITS } from './limits.ts';

const NAME = 'https';

/** A server that serves connections which another one accepted. */
export interface TakesConnections {
  /** Within its own limits: it may cut it. */
  take(connection: TLSSocket): void;
}

interface Address {
  readonly host: string;
  /** 0 lets the system choose one. */
  readonly port: number;
}

interface TlsServerParts {
  /** A passed socket called `https` replaces host and port. */
  readonly passed: PassedSockets;
  readonly clock: Clock;
  readonly clientNetworks: ClientNetworks;
  readonly log: Log;
  /** For those who speak HTTP/1.1. */
  readonly http: TakesConnections;
  /** For those who speak HTTP/2 only, as couriers do. */
  readonly couriers: TakesConnections;
}

/**
 * The public port: ends TLS, and passes each connection to the server that speaks the protocol
 * which its client asked for by ALPN (RFC 7301).
 *
 * The servers behind see the client's own address. What ends a connection is theirs to decide once
 * the handshake is over.
 */
export class TlsServer implements AsyncDisposable {
  readonly #address: Address;
  readonly #parts: TlsServerParts;
  readonly #server: Server;
  readonly #handshakes: Handshakes;

  constructor(address: Address, parts: TlsServerParts) {
    this.#address = address;
    this.#parts = parts;
    this.#handshakes = new Handshakes(HANDSHAKE_LIMITS, parts.clock, parts.clientNetworks);
    this.#server = createServer({
      ALPNCallback: ({ protocols }) => protocolFor(protocols),
      minVersion: 'TLSv1.2',
      noDelay: true,
    });
    this.#server.on('connection', (connection) => this.#handshakes.began(connection));
    this.#server.on('secureConnection', (connection) => this.#dispatch(connection));
    this.#server.on('tlsClientError', (error, connection) => {
      parts.log.debug({ error }, 'A TLS handshake failed');
      connection.destroy();
    });
  }

  /** Connections whose handshake is not over. */
  get handshakes(): number {
    return this.#handshakes.size;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Shows it to whoever connects from now on; connections that stand go on as they are. */
  show({ chain, key }: TlsCertificate): void {
    this.#server.setSecureContext({ cert: chain, key, minVersion: 'TLSv1.2' });
  }

  /**
   * Handshakes fail until there is a certificate to show.
   *
   * @throws if the address is taken or is not this machine's, or the port takes privileges
   */
  async listen(): Promise<void> {
    const { passed, log } = this.#parts;
    const fd = passed.get(NAME);
    const where = fd === undefined ? this.#address : { fd };
    this.#server.listen(where);
    await once(this.#server, 'listening');
    log.info({ server: NAME, ...where, port: this.port }, 'Listening');
  }

  /** Leaves new connections to the next process if a parent holds the listening socket. */
  leaveToSuccessor(): void {
    if (this.#parts.passed.has(NAME)) {
      this.#server.close();
    }
  }

  /** Accepts no more connections, and cuts those that are in the handshake. Leaves the others. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#handshakes.cutAll();
  }

  #dispatch(connection: TLSSocket): void {
    this.#handshakes.ended(connection);
    const { couriers, http } = this.#parts;
    (connection.alpnProtocol === 'h2' ? couriers : http).take(connection);
  }
}

/**
 * OkHttp offers both protocols, and cannot open a WebSocket over HTTP/2; who offers nothing is not
 * asked, and gets HTTP/1.1.
 *
 * @returns undefined, which ends the handshake with an alert, for what we do not speak
 */
function protocolFor(offered: readonly string[]): string | undefined {
  return ['http/1.1', 'h2'].find((protocol) => offered.includes(protocol));
}
