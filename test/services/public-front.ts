import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { TlsIdentity } from '#test/end-to-end/internet-delivery/tls-identity.ts';

/** Ports on this machine. */
type Backends = Readonly<Record<'poweb' | 'pohttp' | 'cogrpc', number>>;

/** One public port with TLS before a whole gateway, as a proxy makes of its three. */
export class PublicFront implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor({ privateKey, certificate }: TlsIdentity, backends: Backends) {
    const options = { key: privateKey, cert: certificate, ALPNProtocols: ['http/1.1', 'h2'] };
    this.#server = createServer(options, (client) => {
      this.#keep(client);
      if (client.alpnProtocol === 'h2') {
        this.#join(client, backends.cogrpc);
        return;
      }
      client.once('data', (head: Buffer) => {
        const isForPhones = /^\S+ \/(?:v1\/|connection-params\.der)|^HEAD /.test(`${head}`);
        this.#join(client, isForPhones ? backends.poweb : backends.pohttp).write(head);
      });
    });
    this.#server.on('tlsClientError', (_, socket) => socket.destroy());
  }

  static async start(identity: TlsIdentity, backends: Backends): Promise<PublicFront> {
    const front = new PublicFront(identity, backends);
    front.#server.listen(0, '127.0.0.1');
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
