import { Cluster, Redis } from 'ioredis';
import {
  parseRedisTarget,
  type RedisAddress,
  type RedisTarget,
  reconnectPause,
} from '#backing/redis/connection-options.ts';

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

  /** Calls `onNotice` with what others publish on `channel`; subscribes again by itself. */
  listen(channel: string, onNotice: (notice: string) => void): void {
    if (this.#notices) {
      return;
    }
    const notices = this.#connect(null);
    this.#notices = notices;
    notices.on('message', (_channel: string, notice: string) => onNotice(notice));
    const subscribe = () => {
      notices.subscribe(channel).catch(() => {
        // Closed meanwhile.
      });
    };
    if (notices instanceof Cluster) {
      subscribe();
    } else {
      notices.on('ready', subscribe);
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
      return new Redis({ ...options, host, port, ...own }).on('error', ignore);
    }
    const { retryStrategy: _, ...redisOptions } = options;
    return new Cluster([{ host, port }], {
      redisOptions: { ...redisOptions, maxRetriesPerRequest },
      clusterRetryStrategy: reconnectPause,
      dnsLookup: (name, callback) => callback(null, name),
    }).on('error', ignore);
  }
}
