import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { SignalListener, Subscription } from '../port.ts';

/** Awaited signals; beyond this, the oldest are forgotten. */
const MOST_AWAITED = 20;

/** Signals from a process to itself, which prove that published messages arrive. */
export class Echo {
  readonly channel = `check:${randomUUID()}`;
  readonly #awaited = new LRUCache<string, () => void>({ max: MOST_AWAITED });
  readonly #listener: SignalListener = {
    onMessage: (token) => this.#awaited.get(token)?.(),
    onInterrupted() {},
  };
  #subscription: Subscription | undefined;

  /**
   * Resolves once a signal has arrived. If none does, it never settles: the caller needs a
   * deadline.
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
    this.#subscription ??= signals.subscribe(this.channel, this.#listener);
    await signals.standing(this.channel);
    await signals.publish(this.channel, token);
    await promise;
    this.#awaited.delete(token);
  }
}
