import type { Cluster } from 'ioredis';
import { connectToCluster } from '#backing/redis/cluster-connection.ts';
import type { RedisAddress } from '#backing/redis/connection-options.ts';
import {
  type LinkEvents,
  type PublisherLink,
  type SubscriberLink,
  WRITTEN_FOR_MS,
} from './link.ts';

/**
 * Subscriptions to a Redis Cluster. They are sharded, so each message passes through one node only.
 */
export class ClusterSubscriberLink implements SubscriberLink {
  readonly #cluster: Cluster;
  readonly #events: LinkEvents;
  #isUp = false;

  constructor(address: RedisAddress, deadlineMs: number, events: LinkEvents) {
    this.#events = events;
    this.#cluster = connect(address, deadlineMs, { shardedSubscribers: true })
      .on('smessage', (channel: string, message: string) => events.onMessage(channel, message))
      // Whatever happened to one node, all subscriptions are renewed.
      .on('subscribersReady', () => this.#up())
      .on('-subscriber', () => this.#down('a node of the cluster is lost'))
      .on('nodeError', (error: Error) => this.#down(error.message))
      .on('close', () => this.#down('the connections to the cluster were closed'));
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  async subscribe(channels: readonly string[]): Promise<void> {
    await Promise.all(channels.map((channel) => this.#cluster.ssubscribe(channel)));
  }

  unsubscribe(channel: string): void {
    this.#cluster.sunsubscribe(channel).catch(() => {
      // The connection was lost, and the subscription with it.
    });
  }

  async ping(): Promise<void> {
    await this.#cluster.ping();
  }

  reconnect(): void {
    this.#cluster.disconnect(true);
  }

  close(): void {
    this.#cluster.disconnect();
  }

  #up(): void {
    this.#down('the nodes of the cluster changed');
    this.#isUp = true;
    this.#events.onUp();
  }

  #down(reason: string): void {
    if (this.#isUp) {
      this.#isUp = false;
      this.#events.onDown(reason);
    }
  }
}

/** Publishes on a Redis Cluster, to the shard of each channel. */
export class ClusterPublisherLink implements PublisherLink {
  get isUp(): boolean {
    return this.#cluster.status === 'ready';
  }

  /** Constant: nodes of a cluster say themselves when a slot has moved. */
  readonly connection = 1;
  readonly #cluster: Cluster;

  constructor(address: RedisAddress, deadlineMs: number) {
    this.#cluster = connect(address, deadlineMs, {});
  }

  async publish(channel: string, message: string): Promise<void> {
    await this.#cluster.spublish(channel, message);
  }

  async write(key: string): Promise<void> {
    await this.#cluster.set(key, '', 'PX', WRITTEN_FOR_MS);
  }

  close(): void {
    this.#cluster.disconnect();
  }
}

function connect(
  address: RedisAddress,
  deadlineMs: number,
  more: { shardedSubscribers?: boolean },
): Cluster {
  const limits = { ...more, maxRedirections: 4 };
  return connectToCluster(address, { commandTimeout: deadlineMs }, limits).on('error', () => {
    // `close` reports it.
  });
}
