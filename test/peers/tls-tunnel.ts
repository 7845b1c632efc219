import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { connect, TLSSocket } from 'node:tls';
import { LocalListener } from '#test/runtime/local-listener.ts';

/** What the deployed clients offer by ALPN. */
export const ALPN = {
  okHttp: ['h2', 'http/1.1'],
  courier: ['h2'],
  /** As JavaScript's WebSocket. */
  nothing: [],
} as const satisfies Readonly<Record<string, readonly string[]>>;

interface TlsTarget {
  readonly port: number;
  /** @default 127.0.0.1 */
  readonly host?: string;
  /** The only authority to trust, as PEM. */
  readonly root: string;
  /** The name to ask for, and to check. @default gateway.example */
  readonly name?: string;
  /** Protocols to offer. @default those of OkHttp */
  readonly protocols?: readonly string[];
  /** The address to connect from. @default 127.0.0.1 */
  readonly localAddress?: string;
}

/** Connects with TLS; resolves when the handshake is over, and rejects if it fails. */
export async function connectOverTls(target: TlsTarget): Promise<TLSSocket> {
  const { host = '127.0.0.1', port, root, name = 'gateway.example' } = target;
  const { protocols = ALPN.okHttp, localAddress } = target;
  const options = {
    host,
    port,
    ca: root,
    servername: name,
    ...(localAddress !== undefined && { localAddress }),
  };
  const socket = connect(
    protocols.length > 0 ? { ...options, ALPNProtocols: [...protocols] } : options,
  );
  socket.setNoDelay();
  await once(socket, 'secureConnect');
  return socket;
}

/** A port on this machine for clients that speak no TLS, each of whose connections leads to one that does. */
export class TlsTunnel implements AsyncDisposable {
  readonly #listener: LocalListener;

  private constructor(target: TlsTarget) {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
      connectOverTls(target).then(
        (far) => {
          this.#listener.keep(far);
          join(near, far);
          join(far, near);
        },
        () => near.resetAndDestroy(),
      );
    });
    this.#listener = new LocalListener(server);
  }

  static async start(target: TlsTarget): Promise<TlsTunnel> {
    const tunnel = new TlsTunnel(target);
    await tunnel.#listener.listen();
    return tunnel;
  }

  get port(): number {
    return this.#listener.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener[Symbol.asyncDispose]();
  }
}

/** Ends of connections are passed on as what they are; with TLS there is none by a reset. */
function join(from: Socket, to: Socket): void {
  from.pipe(to);
  from.on('error', () => (to instanceof TLSSocket ? to.destroy() : to.resetAndDestroy()));
  from.on('close', () => to.destroySoon());
}
