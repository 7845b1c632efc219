import { setImmediate as othersTurn } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { Collector } from '#test/peers/collector.ts';
import type { Phone } from '#test/peers/phone.ts';

/**
 * Collectors that come back at once whenever their connection ends, however it does: phones as load balancers see
 * them, without their pauses.
 */
export class LoyalFleet implements AsyncDisposable {
  /** How connections ended that were not ended here. */
  readonly codes: number[] = [];
  readonly #phone: Phone;
  readonly #choosePort: () => number;
  readonly #present = new Set<Collector>();
  readonly #running: Promise<void>[] = [];
  #isOver = false;

  /** @param choosePort - asked for each connection */
  constructor(phone: Phone, choosePort: () => number) {
    this.#phone = phone;
    this.#choosePort = choosePort;
  }

  /**
   * Resolves once so many more are connected.
   *
   * @throws the signal's reason, once it is aborted
   */
  async enlist(count: number, signal: AbortSignal): Promise<void> {
    const size = this.#running.length + count;
    for (let index = 0; index < count; index++) {
      this.#running.push(this.#run());
    }
    while (this.#present.size < size) {
      await othersTurn(undefined, { signal });
    }
  }

  /** Those that are connected, and have shaken hands. */
  get present(): number {
    return this.#present.size;
  }

  /** Resolves once the server has seen life in all that are connected now. */
  async showLife(): Promise<void> {
    await Promise.allSettled([...this.#present].map((collector) => collector.roundTrip()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    for (const collector of this.#present) {
      collector[Symbol.dispose]();
    }
    await Promise.all(this.#running);
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      using collector = await this.#phone.collect(this.#choosePort());
      if (this.#isOver) {
        return;
      }
      if (collector.socket.readyState === WebSocket.OPEN) {
        this.#present.add(collector);
      }
      const { code } = await collector.closed;
      this.#present.delete(collector);
      if (!this.#isOver) {
        this.codes.push(code);
      }
    }
  }
}
