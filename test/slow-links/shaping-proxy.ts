import { connect, createServer, type Socket } from 'node:net';
import { type Clock, delay } from '#clock/clock.ts';
import { LocalListener } from '#test/runtime/local-listener.ts';
import type { LinkForm } from './simulated-link.ts';

/**
 * A link in user space between clients and a server on this machine: what the
 * server sends is read no faster than the link carries it, so that the rest waits
 * in the server's send queue.
 */
export class ShapingProxy implements AsyncDisposable {
  readonly #listener = new LocalListener(createServer((client) => this.#accept(client)));
  readonly #port: number;
  readonly #form: LinkForm;
  readonly #clock: Clock;

  private constructor(port: number, form: LinkForm, clock: Clock) {
    this.#port = port;
    this.#form = form;
    this.#clock = clock;
  }

  /** @param port - of the server */
  static async open(port: number, form: LinkForm, clock: Clock): Promise<ShapingProxy> {
    const proxy = new ShapingProxy(port, form, clock);
    await proxy.#listener.listen();
    return proxy;
  }

  get port(): number {
    return this.#listener.port;
  }

  #accept(client: Socket): void {
    const server = this.#listener.keep(connect(this.#port, '127.0.0.1'));
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
      void this.#carry(from, to);
    }
  }

  async #carry(from: Socket, to: Socket): Promise<void> {
    const octetsPerMs = this.#form.bitsPerSecond / 8 / 1_000;
    try {
      for await (const chunk of from) {
        await delay(this.#clock, chunk.length / octetsPerMs);
        this.#clock.schedule(this.#form.roundTripMs / 2, () => to.write(chunk));
      }
    } catch {
      to.destroy();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener[Symbol.asyncDispose]();
  }
}
