import { connect, createServer, type Socket } from 'node:net';
import { LocalListener } from '#test/runtime/local-listener.ts';

/**
 * A port of this machine whose connections go on from another of its addresses, for clients that
 * cannot choose theirs.
 */
export class Relay implements AsyncDisposable {
  readonly #listener: LocalListener;

  private constructor(to: number, from: string) {
    const relay = (socket: Socket) => {
      const onward = connect({ port: to, host: '127.0.0.1', localAddress: from });
      this.#listener.keep(onward);
      for (const [one, other] of [
        [socket, onward],
        [onward, socket],
      ] as const) {
        one.on('error', () => {}).on('close', () => void other.destroy());
        one.pipe(other);
      }
    };
    this.#listener = new LocalListener(createServer(relay));
  }

  /** @param to - a port of this machine */
  static async start(to: number, from: string): Promise<Relay> {
    const relay = new Relay(to, from);
    await relay.#listener.listen();
    return relay;
  }

  get port(): number {
    return this.#listener.port;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#listener[Symbol.asyncDispose]();
  }
}
