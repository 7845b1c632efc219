import type { Log } from '#log/log.ts';
import type { SignalListener } from '../port.ts';

/** A channel with its listeners. */
export interface Channel {
  readonly name: string;
  readonly listeners: Set<SignalListener>;
  /** Whether Redis has confirmed it on the current connection. */
  isStanding: boolean;
  /** Whether it was confirmed once and lost since. */
  wasInterrupted: boolean;
  readonly whenStanding: Set<() => void>;
}

/** Which listener subscribes to which channel, and which subscriptions are confirmed. */
export class Subscriptions {
  readonly #log: Log;
  readonly #channels = new Map<string, Channel>();

  constructor(log: Log) {
    this.#log = log;
  }

  get names(): string[] {
    return [...this.#channels.keys()];
  }

  /** @returns the channel, and whether it is new */
  add(name: string, listener: SignalListener): { channel: Channel; isNew: boolean } {
    const known = this.#channels.get(name);
    const channel = known ?? {
      name,
      listeners: new Set(),
      isStanding: false,
      wasInterrupted: false,
      whenStanding: new Set(),
    };
    channel.listeners.add(listener);
    this.#channels.set(name, channel);
    return { channel, isNew: known === undefined };
  }

  /** @returns whether the channel has no listeners left */
  remove(channel: Channel, listener: SignalListener): boolean {
    const isLast = channel.listeners.delete(listener) && channel.listeners.size === 0;
    return (
      isLast && this.#channels.get(channel.name) === channel && this.#channels.delete(channel.name)
    );
  }

  has(channel: Channel): boolean {
    return this.#channels.get(channel.name) === channel;
  }

  get(names: readonly string[]): Channel[] {
    return names.flatMap((name) => this.#channels.get(name) ?? []);
  }

  markLost(): void {
    for (const channel of this.#channels.values()) {
      channel.wasInterrupted ||= channel.isStanding;
      channel.isStanding = false;
    }
  }

  /** @returns the listeners that missed something */
  markStanding(channels: readonly Channel[]): { channel: Channel; listener: SignalListener }[] {
    const missed: { channel: Channel; listener: SignalListener }[] = [];
    for (const channel of channels.filter((candidate) => this.has(candidate))) {
      if (channel.wasInterrupted) {
        missed.push(...this.listenersOf(channel.name));
      }
      channel.isStanding = true;
      channel.wasInterrupted = false;
      for (const tell of channel.whenStanding) {
        tell();
      }
      channel.whenStanding.clear();
    }
    return missed;
  }

  listenersOf(name: string): { channel: Channel; listener: SignalListener }[] {
    const channel = this.#channels.get(name);
    return channel ? [...channel.listeners].map((listener) => ({ channel, listener })) : [];
  }

  deliver(name: string, message: string): void {
    const channel = this.#channels.get(name);
    for (const listener of [...(channel?.listeners ?? [])]) {
      this.tell(channel, listener, () => listener.onMessage(message));
    }
  }

  /** Calls a listener unless its subscription was closed. */
  tell(channel: Channel | undefined, listener: SignalListener, call: () => void): void {
    if (!channel?.listeners.has(listener)) {
      return;
    }
    try {
      call();
    } catch (error) {
      this.#log.error({ error, channel: channel.name }, 'A signal listener threw');
    }
  }

  clear(): void {
    for (const channel of this.#channels.values()) {
      channel.listeners.clear();
    }
    this.#channels.clear();
  }
}
