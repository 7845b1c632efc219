import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { AUTHORITATIVE_ANSWER, decode, encode } from 'dns-packet';

/** A name server that knows the addresses of pods, as that of a cluster does for a headless Service. */
export class PodNames implements AsyncDisposable {
  /** What the name has, whichever it is. */
  addresses: readonly string[] = [];
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (message, { port, address }) => {
      const { id, questions = [] } = decode(message);
      const [question] = questions;
      const answers =
        question?.type === 'A'
          ? this.addresses.map((data) => ({
              type: 'A' as const,
              name: question.name,
              ttl: 1,
              data,
            }))
          : [];
      const flags = AUTHORITATIVE_ANSWER;
      socket.send(
        encode({ type: 'response', ...(id !== undefined && { id }), flags, questions, answers }),
        port,
        address,
      );
    });
  }

  static async start(): Promise<PodNames> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new PodNames(socket);
  }

  /** As HAProxy is told it. */
  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
  }
}
