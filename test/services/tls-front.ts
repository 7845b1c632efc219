import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { createServer, type Server } from 'node:tls';
import type { TlsIdentity } from '#test/end-to-end/internet-delivery/tls-identity.ts';

interface TlsFrontOptions {
  readonly identity: TlsIdentity;
  /** The application protocols that it takes. */
  readonly protocols: readonly string[];
  /** The port on this machine that it hands the octets to. */
  readonly backend: number;
  /** The address to listen on. @default 127.0.0.1 */
  readonly host?: string;
  /** @default one that the system chooses */
  readonly port?: number;
}

/** Ends TLS before a server that speaks none, as a proxy does. */
export class TlsFront implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor({ identity, protocols, backend }: TlsFrontOptions) {
    const { privateKey: key, certificate: cert } = identity;
    this.#server = createServer({ key, cert, ALPNProtocols: [...protocols] }, (client) => {
      const server = connect(backend, '127.0.0.1');
      for (const [socket, other] of [
        [client, server],
        [server, client],
      ] as const) {
        this.#sockets.add(socket);
        socket
          .on('error', () => {})
          .once('close', () => {
            this.#sockets.delete(socket);
            other.destroy();
          });
        socket.pipe(other);
      }
    });
    this.#server.on('tlsClientError', (_, socket) => socket.destroy());
  }

  static async start(options: TlsFrontOptions): Promise<TlsFront> {
    const front = new TlsFront(options);
    front.#server.listen(options.port ?? 0, options.host ?? '127.0.0.1');
    await once(front.#server, 'listening');
    return front;
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
