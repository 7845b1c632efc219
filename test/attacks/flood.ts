import { setImmediate } from 'node:timers/promises';
import { connectFrom } from './crowd.ts';

/** As many as make up for those that the server ends. */
const CONNECTIONS = 4;

interface FloodOptions {
  readonly port: number;
  /** The address to connect from. */
  readonly from: string;
  /** What a connection begins with. */
  readonly greeting?: string | Uint8Array;
  /** What it then sends again and again. @param turn - how often it did */
  readonly again: (turn: number) => string | Uint8Array;
  /** Whether to read what the server says. @default true */
  readonly reads?: boolean;
}

/** Connections that send the same as fast as it is taken, each opened again when it is closed. */
export class Flood implements AsyncDisposable {
  /** How often something was sent. */
  sent = 0;
  readonly #options: FloodOptions;
  #isOver = false;
  readonly #ended: Promise<unknown>;

  private constructor(options: FloodOptions) {
    this.#options = options;
    this.#ended = Promise.all(Array.from({ length: CONNECTIONS }, () => this.#flood()));
  }

  static begin(options: FloodOptions): Flood {
    return new Flood(options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await this.#ended;
  }

  async #flood(): Promise<void> {
    while (!this.#isOver) {
      await this.#floodOnce().catch(() => {});
      await setImmediate();
    }
  }

  async #floodOnce(): Promise<void> {
    const { port, from, greeting = '', again, reads = true } = this.#options;
    using client = await connectFrom(from, port);
    const { socket } = client;
    if (!reads) {
      socket.pause();
    }
    const closed = new Promise<void>((resolve) => {
      socket.once('close', resolve);
    });
    await Promise.race([client.write(greeting), closed]);
    for (let turn = 0; !this.#isOver && !socket.destroyed; turn++) {
      let isTaken = false;
      void client.write(again(turn)).then(() => {
        isTaken = true;
      });
      // Whoever reads nothing is not waited for: the flood may end first.
      while (!isTaken && !this.#isOver && !socket.destroyed) {
        await setImmediate();
      }
      this.sent += 1;
    }
  }
}
