import { randomUUID } from 'node:crypto';
import type { SignalListener, Subscription } from '../port.ts';

/** Signals that did not arrive are forgotten for later ones. */
const MOST_AWAITED = 20;

/** Signals of a process to itself, by which it sees that what is published arrives. */
export class Echo {
  readonly channel = `check:${randomUUID()}`;
  readonly #awaited = new Map<string, () => void>();
  readonly #listener: SignalListener = {
    onMessage: (token) => this.#awaited.get(token)?.(),
    onInterrupted() {},
  };
  #subscription: Subscription | undefined;

  /**
   * Resolves once a signal has arrived; never, if it does not: whoever waits gives up.
   *
   * @param signals.standing - resolves once the channel is subscribed to
   * @throws what publishing throws
   */
  async heard(signals: {
    subscribe(channel: string, listener: SignalListener): Subscription;
    standing(channel: string): Promise<void>;
    publish(channel: string, token: string): Promise<void>;
  }): Promise<void> {
    const token = randomUUID();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#awaited.set(token, resolve);
    while (this.#awaited.size > MOST_AWAITED) {
      this.#awaited.delete(String(this.#awaited.keys().next().value));
    }
    this.#subscription ??= signals.subscribe(this.channel, this.#listener);
    await signals.standing(this.channel);
    await signals.publish(this.channel, token);
    await promise;
    this.#awaited.delete(token);
  }
}
