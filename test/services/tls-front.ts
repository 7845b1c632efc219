import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { isForPhones } from '#services/edge/paths.ts';
import type { TlsIdentity } from '#test/end-to-end/internet-delivery/tls-identity.ts';

/** The plain ports of a gateway on this machine. */
type GatewayPorts = Readonly<Record<'poweb' | 'pohttp' | 'cogrpc', number>>;

interface TlsFrontOptions {
  readonly identity: TlsIdentity;
  /** The application protocols that it takes. */
  readonly protocols: readonly string[];
  /** The port on this machine that it hands the octets to; of a gateway, that for each connection. */
  readonly backend: number | GatewayPorts;
  /** The address to listen on. @default 127.0.0.1 */
  readonly host?: string;
  /** @default one that the system chooses */
  readonly port?: number;
}

/** Ends TLS before servers that speak none, as a proxy does. */
export class TlsFront implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor({ identity, protocols, backend }: TlsFrontOptions) {
    const { privateKey: key, certificate: cert } = identity;
    this.#server = createServer({ key, cert, ALPNProtocols: [...protocols] }, (client) => {
      this.#keep(client);
      if (typeof backend === 'number') {
        this.#join(client, backend);
      } else if (client.alpnProtocol === 'h2') {
        this.#join(client, backend.cogrpc);
      } else {
        client.once('data', (head: Buffer) => {
          const [, target = ''] = `${head}`.split(' ', 2);
          this.#join(client, isForPhones(target) ? backend.poweb : backend.pohttp).write(head);
        });
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

  #join(client: TLSSocket, port: number): Socket {
    const server = this.#keep(connect(port, '127.0.0.1'));
    client.pipe(server).pipe(client);
    client.once('close', () => server.destroy());
    server.once('close', () => client.destroy());
    return server;
  }

  #keep<Kind extends Socket>(socket: Kind): Kind {
    this.#sockets.add(socket);
    return socket.on('error', () => {}).once('close', () => this.#sockets.delete(socket));
  }
}
