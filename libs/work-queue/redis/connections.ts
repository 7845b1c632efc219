import { Cluster, type Redis } from 'ioredis';
import {
  parseRedisTarget,
  type RedisAddress,
  type RedisTarget,
  reconnectPause,
} from '#backing/redis/connection-options.ts';
import { connectToServer, isFromReplica } from '#backing/redis/server-connection.ts';

/** The connections of a queue that are not BullMQ's own. */
export class QueueConnections {
  readonly #address: RedisAddress;
  /** For short commands: fails while Redis is away. */
  readonly commands: Redis | Cluster;
  /** For BullMQ's workers, which insist on waiting for Redis. */
  #workers: Redis | Cluster | undefined;
  #notices: Redis | Cluster | undefined;

  constructor(target: RedisTarget) {
    this.#address = parseRedisTarget(target);
    this.commands = this.#connect(1);
  }

  get workers(): Redis | Cluster {
    this.#workers ??= this.#connect(null);
    return this.#workers;
  }

  /**
   * Calls `onNotice` with what others publish on `channel`, and `onListening` once it will be told,
   * for the first time and whenever it was not meanwhile; subscribes again by itself.
   */
  listen(
    channel: string,
    tell: { readonly onNotice: (notice: string) => void; readonly onListening: () => void },
  ): void {
    if (this.#notices) {
      return;
    }
    const notices = this.#connect(null);
    this.#notices = notices;
    notices.on('message', (_channel: string, notice: string) => tell.onNotice(notice));
    const subscribe = () => {
      notices.subscribe(channel).then(tell.onListening, () => {
        // Closed meanwhile.
      });
    };
    if (notices instanceof Cluster) {
      subscribe();
    } else {
      notices.on('ready', subscribe);
    }
  }

  /**
   * To be told of each failure: where one connection leads to a replica, so do those that only listen
   * there, and are never refused anything.
   */
  heed(error: unknown): void {
    if (isFromReplica(error) && this.#notices?.status === 'ready') {
      this.#notices.disconnect(true);
    }
  }

  close(): void {
    for (const connection of [this.commands, this.#workers, this.#notices]) {
      connection?.disconnect();
    }
  }

  #connect(maxRetriesPerRequest: number | null): Redis | Cluster {
    const { host, port, options, isCluster } = this.#address;
    const ignore = () => {
      // Whoever calls is told by the failure of the call.
    };
    if (!isCluster) {
      // Of ioredis's own subscribing again, nobody would hear that it failed.
      const own = { maxRetriesPerRequest, autoResubscribe: false };
      return connectToServer(this.#address, own).on('error', ignore);
    }
    const { retryStrategy: _, ...redisOptions } = options;
    return new Cluster([{ host, port }], {
      redisOptions: { ...redisOptions, maxRetriesPerRequest },
      clusterRetryStrategy: reconnectPause,
      dnsLookup: (name, callback) => callback(null, name),
    }).on('error', ignore);
  }
}
