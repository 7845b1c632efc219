import type { Redis } from 'ioredis';
import type { RedisAddress } from '#backing/redis/connection-options.ts';
import { connectToServer, isFromReplica } from '#backing/redis/server-connection.ts';
import {
  type LinkEvents,
  type PublisherLink,
  type SubscriberLink,
  WRITTEN_FOR_MS,
} from './link.ts';

/** Fails at once while disconnected: all channels are subscribed to again on reconnection. */
const SUBSCRIBING = {
  enableOfflineQueue: false,
  autoResubscribe: false,
  maxRetriesPerRequest: 1,
} as const;

/**
 * Waits for a connection, but for one attempt only. What a lost connection left unanswered fails,
 * so that the publisher knows that it may have arrived.
 */
const PUBLISHING = { maxRetriesPerRequest: 1, autoResendUnfulfilledCommands: false } as const;

/** The one connection on which a process subscribes to a single Redis server. */
export class ServerSubscriberLink implements SubscriberLink {
  readonly #redis: Redis;

  constructor(address: RedisAddress, deadlineMs: number, events: LinkEvents) {
    const { onDown } = events;
    this.#redis = connect(address, { ...SUBSCRIBING, commandTimeout: deadlineMs }, onDown)
      .on('ready', () => events.onUp())
      .on('message', (channel: string, message: string) => events.onMessage(channel, message));
  }

  get isUp(): boolean {
    return this.#redis.status === 'ready';
  }

  async subscribe(channels: readonly string[]): Promise<void> {
    await this.#redis.subscribe(...channels);
  }

  unsubscribe(channel: string): void {
    this.#redis.unsubscribe(channel).catch(() => {
      // The connection was lost, and the subscription with it.
    });
  }

  async ping(): Promise<void> {
    await this.#redis.ping();
  }

  reconnect(): void {
    this.#redis.disconnect(true);
  }

  close(): void {
    this.#redis.disconnect();
  }
}

/** The one connection on which a process publishes to a single Redis server. */
export class ServerPublisherLink implements PublisherLink {
  readonly #redis: Redis;
  #connection = 0;

  constructor(address: RedisAddress, deadlineMs: number) {
    this.#redis = connect(address, { ...PUBLISHING, commandTimeout: deadlineMs }).on(
      'ready',
      () => {
        this.#connection++;
      },
    );
  }

  get isUp(): boolean {
    return this.#redis.status === 'ready';
  }

  get connection(): number {
    return this.#connection;
  }

  async publish(channel: string, message: string): Promise<void> {
    await this.#answered(this.#redis.publish(channel, message));
  }

  async write(key: string): Promise<void> {
    await this.#answered(this.#redis.set(key, '', 'PX', WRITTEN_FOR_MS));
  }

  close(): void {
    this.#redis.disconnect();
  }

  /** An unanswered connection may be dead without notice: replaces it. */
  async #answered(answer: Promise<unknown>): Promise<void> {
    try {
      await answer;
    } catch (error) {
      // A replica answers; the connection's address may lead elsewhere by now.
      if (this.#redis.status === 'ready' && !isFromReplica(error)) {
        this.#redis.disconnect(true);
      }
      throw error;
    }
  }
}

function connect(
  address: RedisAddress,
  more: {
    readonly commandTimeout: number;
    readonly enableOfflineQueue?: boolean;
    readonly autoResubscribe?: boolean;
    readonly maxRetriesPerRequest?: number;
    readonly autoResendUnfulfilledCommands?: boolean;
  },
  onDown: (reason: string) => void = () => {},
): Redis {
  let reason = 'the connection was closed';
  return connectToServer(address, more)
    .on('error', (error: Error) => {
      reason = error.message;
    })
    .on('close', () => onDown(reason));
}
