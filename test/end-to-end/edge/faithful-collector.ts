import { setTimeout as pause } from 'node:timers/promises';
import type { NetworkPhone } from '#test/services/phone.ts';
import type { Collector } from '../support/collector.ts';

/** Between a connection that failed and the next one. */
const PAUSE_MS = 50;

/** A phone that keeps collecting, as the Android client does: after any close it comes back. */
export class FaithfulCollector implements AsyncDisposable {
  /** What it received, in order; repeated if it was sent again. */
  readonly received: string[] = [];
  /** How each of its connections ended. */
  readonly closeCodes: number[] = [];
  readonly #phone: NetworkPhone;
  readonly #port: number;
  readonly #running: Promise<void>;
  #current: Collector | null = null;
  #isEnding = false;

  constructor(phone: NetworkPhone, port: number) {
    this.#phone = phone;
    this.#port = port;
    this.#running = this.#run();
  }

  get isConnected(): boolean {
    return this.#current !== null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isEnding = true;
    this.#current?.[Symbol.dispose]();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#isEnding) {
      try {
        await this.#collect();
      } catch {
        // The connection ended, or could not be had.
      }
      if (!this.#isEnding) {
        await pause(PAUSE_MS);
      }
    }
  }

  async #collect(): Promise<void> {
    using collector = await this.#phone.collect(this.#port);
    this.#current = collector;
    void collector.closed.then(({ code }) => this.closeCodes.push(code));
    try {
      for (;;) {
        const delivery = await collector.next();
        this.received.push(Buffer.from(delivery.parcel).toString('base64'));
        collector.acknowledge(delivery);
      }
    } finally {
      this.#current = null;
    }
  }
}
