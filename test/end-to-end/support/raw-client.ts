import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A TCP connection for HTTP, valid or not, written by hand. */
export class RawClient implements Disposable {
  readonly socket: Socket;
  #received = '';
  #isClosed = false;
  #wake = () => {};

  /** @param socket - connected, with or without TLS */
  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('data', (octets) => {
      this.#received += octets.toString('latin1');
      this.#wake();
    });
    socket.on('close', () => {
      this.#isClosed = true;
      this.#wake();
    });
  }

  /** @param closesByItself - whether the client closes after the server, or never */
  static async connect(port: number, { closesByItself = true } = {}): Promise<RawClient> {
    const allowHalfOpen = !closesByItself;
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen });
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  /** Resolves once the kernel took the octets; never, if the connection is closed first. */
  write(octets: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.socket.write(octets, () => resolve());
    });
  }

  /** The status of the next unread answer. */
  async status(): Promise<number> {
    const answer = /^HTTP\/1\.1 (\d{3}) [\s\S]*?\r\n\r\n/;
    await this.#until(() => answer.test(this.#received));
    const [head = '', status] = answer.exec(this.#received) ?? [];
    this.#received = this.#received.slice(head.length);
    return Number(status);
  }

  /** Sends the head of a request and waits until the server is ready for its body. */
  async begin(
    path: string,
    headers: Readonly<Record<string, string>>,
    length: number,
  ): Promise<void> {
    void this.write(postHead(path, { ...headers, expect: '100-continue' }, length));
    assert.equal(await this.status(), 100);
  }

  /** Everything else, until the connection is closed. */
  async rest(): Promise<string> {
    await this.#until(() => this.#isClosed);
    return this.#received;
  }

  async #until(isMet: () => boolean): Promise<void> {
    while (!isMet()) {
      assert.ok(!this.#isClosed, 'the connection was closed');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Resets the connection. */
  vanish(): void {
    this.socket.resetAndDestroy();
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

/** The head of a request with a body of that length. */
export function postHead(
  path: string,
  headers: Readonly<Record<string, string>>,
  length: number,
): string {
  const lines = Object.entries({ host: '127.0.0.1', ...headers, 'content-length': String(length) });
  return `POST ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}
