import { connect, type Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import type { TlsCertificate } from '#certificates/port.ts';
import { isForPhones } from '#services/edge/paths.ts';
import { LocalListener } from '#test/runtime/local-listener.ts';

/** The plain ports of a gateway on this machine. */
type GatewayPorts = Readonly<Record<'poweb' | 'pohttp' | 'cogrpc', number>>;

interface TlsFrontOptions {
  readonly certificate: TlsCertificate;
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
  readonly #listener: LocalListener;

  private constructor({ certificate, protocols, backend }: TlsFrontOptions) {
    const { key, chain: cert } = certificate;
    const server = createServer({ key, cert, ALPNProtocols: [...protocols] }, (client) => {
      client.on('error', () => {});
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
    server.on('tlsClientError', (_, socket) => socket.destroy());
    this.#listener = new LocalListener(server);
  }

  static async start(options: TlsFrontOptions): Promise<TlsFront> {
    const front = new TlsFront(options);
    await front.#listener.listen(options.port, options.host);
    return front;
  }

  get port(): number {
    return this.#listener.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener[Symbol.asyncDispose]();
  }

  #join(client: TLSSocket, port: number): Socket {
    const server = this.#listener.keep(connect(port, '127.0.0.1')).on('error', () => {});
    client.pipe(server).pipe(client);
    client.once('close', () => server.destroy());
    server.once('close', () => client.destroy());
    return server;
  }
}
