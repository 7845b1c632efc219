import { asUnavailable, callInTime } from '#backing/calls.ts';
import { BackingUnavailableError } from '#backing/errors.ts';
import {
  parseRedisTarget,
  type RedisAddress,
  type RedisTarget,
} from '#backing/redis/connection-options.ts';
import { type Clock, systemClock } from '#clock/clock.ts';
import type { Log } from '#log/log.ts';
import { OwnListener } from '../own-listener.ts';
import type { SignalListener, Signals, Subscription } from '../port.ts';
import { ClusterPublisherLink, ClusterSubscriberLink } from './cluster-link.ts';
import { LOOK } from './dropped-messages.ts';
import { Echo } from './echo.ts';
import type { LinkEvents, PublisherLink, SubscriberLink } from './link.ts';
import { Publisher } from './publisher.ts';
import { ServerPublisherLink, ServerSubscriberLink } from './server-link.ts';
import { type Channel, Subscriptions } from './subscriptions.ts';

/** Thousands of collectors must not list at one instant. */
const INTERRUPTION_SPREAD_MS = 2_000;

interface RedisSignalsOptions extends RedisTarget {
  readonly log: Log;
  /** Prefix of each channel's name, so that gateways can share a server. */
  readonly prefix: string;
  /** Deadline for Redis to confirm a subscription, and for any other reply. */
  readonly deadlineMs: number;
  /** Listeners hear of an interruption at random times within this. @default {@link INTERRUPTION_SPREAD_MS} */
  readonly interruptionSpreadMs?: number;
  readonly clock?: Clock;
}

/** Channels per subscribe command. */
const CHANNELS_AT_ONCE = 500;

/** A dead or misleading connection is noticed within this plus the deadline. */
const PING_EVERY_MS = 5_000;

/**
 * Signals over Redis publish/subscribe: one connection for all subscriptions of the process and one
 * for its messages, each opened when first needed. A cluster gets sharded publish/subscribe, with a
 * connection per node.
 */
export class RedisSignals implements Signals {
  readonly #options: Required<Omit<RedisSignalsOptions, 'ca' | 'url'>>;
  readonly #address: RedisAddress;
  readonly #subscriptions: Subscriptions;
  readonly #publisher: Publisher;
  readonly #echo = new Echo();
  #link: SubscriberLink | undefined;
  #unsent = new Set<Channel>();
  /** How often the subscriptions have been lost. */
  #losses = 0;
  #cancelPing: () => void = () => {};
  #closed = false;

  /** @throws {TypeError} if the URL is not a Redis URL */
  constructor({ url, ca, ...options }: RedisSignalsOptions) {
    this.#options = {
      interruptionSpreadMs: INTERRUPTION_SPREAD_MS,
      clock: systemClock,
      ...options,
    };
    this.#address = parseRedisTarget(ca === undefined ? { url } : { url, ca });
    this.#subscriptions = new Subscriptions(options.log);
    const { clock, log, prefix } = this.#options;
    const checkKey = `${prefix}check`;
    this.#publisher = new Publisher({ clock, log, checkKey, open: () => this.#openPublisher() });
  }

  publish(channel: string, message: string, repeated = message): void {
    this.#publisher.publish(this.#options.prefix + channel, message, repeated);
  }

  subscribe(channelName: string, listener: SignalListener): Subscription {
    const own = new OwnListener(listener);
    if (this.#closed) {
      return { ready: ignored(Promise.reject(closedError())), close() {} };
    }
    const name = this.#options.prefix + channelName;
    const { channel, isNew } = this.#subscriptions.add(name, own);
    if (isNew) {
      this.#sendSoon(channel);
    }
    return {
      ready: ignored(this.#untilStanding(channel)),
      close: () => {
        if (this.#subscriptions.remove(channel, own) && !this.#unsent.delete(channel)) {
          this.#link?.unsubscribe(channel.name);
        }
      },
    };
  }

  /** Publishes on a server that accepts writes, and waits for the message. */
  async check(): Promise<void> {
    if (this.#closed) {
      throw closedError();
    }
    try {
      await callInTime(this.#deadline, async () => {
        await this.#publisher.confirm();
        await this.#heardAgain();
      });
    } catch (cause) {
      throw asUnavailable('signals', cause);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#cancelPing();
    this.#subscriptions.clear();
    this.#link?.close();
    await this.#publisher.close();
  }

  get #deadline() {
    const { clock, deadlineMs } = this.#options;
    return { clock, deadlineMs, backing: 'signals' } as const;
  }

  /**
   * Subscribes at the end of this turn of the event loop, together with every other channel added
   * in it.
   */
  #sendSoon(channel: Channel): void {
    const isFirst = this.#unsent.size === 0;
    this.#unsent.add(channel);
    if (isFirst) {
      queueMicrotask(() => {
        const channels = [...this.#unsent];
        this.#unsent = new Set();
        // Otherwise they are subscribed to when the link is up.
        if (!this.#closed && channels.length > 0 && this.#openSubscriber().isUp) {
          void this.#send(channels);
        }
      });
    }
  }

  async #send(channels: readonly Channel[]): Promise<void> {
    const link = this.#openSubscriber();
    const losses = this.#losses;
    for (
      let start = 0;
      start < channels.length && link.isUp && !this.#closed;
      start += CHANNELS_AT_ONCE
    ) {
      const some = channels
        .slice(start, start + CHANNELS_AT_ONCE)
        .filter((channel) => this.#subscriptions.has(channel));
      try {
        await link.subscribe(some.map(({ name }) => name));
      } catch (error) {
        if (losses === this.#losses && !this.#closed) {
          this.#options.log.warn({ error }, 'Redis did not confirm subscriptions');
          link.reconnect();
        }
        return;
      }
      if (losses !== this.#losses) {
        // Confirmed on a connection that is gone; the next one subscribes again.
        return;
      }
      this.#tellInterrupted(this.#subscriptions.markStanding(some));
    }
  }

  #onMessage(name: string, message: string): void {
    if (message === LOOK) {
      this.#tellInterrupted(this.#subscriptions.listenersOf(name));
    } else {
      this.#subscriptions.deliver(name, message);
    }
  }

  #tellInterrupted(missed: readonly { channel: Channel; listener: SignalListener }[]): void {
    const { clock, interruptionSpreadMs } = this.#options;
    for (const { channel, listener } of missed) {
      clock.schedule(Math.random() * interruptionSpreadMs, () => {
        this.#subscriptions.tell(channel, listener, () => listener.onInterrupted());
      });
    }
  }

  async #untilStanding(channel: Channel): Promise<void> {
    if (channel.isStanding) {
      return;
    }
    await callInTime(this.#deadline, () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      channel.whenStanding.add(resolve);
      return promise;
    });
  }

  #openSubscriber(): SubscriberLink {
    if (!this.#link) {
      const events: LinkEvents = {
        onMessage: (channel, message) => this.#onMessage(channel, message),
        onUp: () => this.#onUp(),
        onDown: (reason) => this.#onDown(reason),
      };
      const Link = this.#address.isCluster ? ClusterSubscriberLink : ServerSubscriberLink;
      this.#link = new Link(this.#address, this.#options.deadlineMs, events);
    }
    return this.#link;
  }

  #openPublisher(): PublisherLink {
    const Link = this.#address.isCluster ? ClusterPublisherLink : ServerPublisherLink;
    return new Link(this.#address, this.#options.deadlineMs);
  }

  #onUp(): void {
    const { names } = this.#subscriptions;
    this.#unsent.clear();
    void this.#send(this.#subscriptions.get(names));
    this.#pingLater();
  }

  #onDown(reason: string): void {
    this.#losses++;
    this.#cancelPing();
    this.#subscriptions.markLost();
    if (!this.#closed) {
      this.#options.log.info({ detail: reason }, 'Subscriptions to Redis were interrupted');
    }
  }

  #pingLater(): void {
    this.#cancelPing();
    this.#cancelPing = this.#options.clock.schedule(PING_EVERY_MS, () => {
      this.#isLinkWell().then((isWell) => (isWell ? this.#pingLater() : this.#link?.reconnect()));
    });
  }

  /** Whether the subscriber answers, and hears what it publishes where it can publish. */
  async #isLinkWell(): Promise<boolean> {
    let isPublished = false;
    try {
      await this.#link?.ping();
    } catch {
      return false;
    }
    try {
      await callInTime(this.#deadline, async () => {
        await this.#publisher.confirm();
        await this.#heardAgain(() => {
          isPublished = true;
        });
      });
      return true;
    } catch {
      // If publishing fails, that is not the subscriber's fault.
      return !isPublished;
    }
  }

  async #heardAgain(onPublished: () => void = () => {}): Promise<void> {
    const { prefix } = this.#options;
    await this.#echo.heard({
      subscribe: (channel, listener) => this.subscribe(channel, listener),
      standing: async (name) => {
        const [channel] = this.#subscriptions.get([prefix + name]);
        await (channel && this.#untilStanding(channel));
      },
      publish: async (channel, token) => {
        await this.#publisher.publishNow(prefix + channel, token);
        onPublished();
      },
    });
  }
}

/** Keeps a rejection that nobody awaits from ending the process. */
function ignored<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

function closedError(): BackingUnavailableError {
  return new BackingUnavailableError('signals', 'closed');
}
