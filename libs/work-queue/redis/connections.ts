import { Cluster, type Redis } from 'ioredis';
import { connectToCluster } from '#backing/redis/cluster-connection.ts';
import {
  parseRedisTarget,
  type RedisAddress,
  type RedisTarget,
} from '#backing/redis/connection-options.ts';
import { connectToServer, isFromReplica } from '#backing/redis/server-connection.ts';

/** A queue's connections other than BullMQ's own. */
export class QueueConnections {
  readonly #address: RedisAddress;
  /** For short commands: fails while Redis is away. */
  readonly commands: Redis | Cluster;
  /** For BullMQ's workers, which require a connection that waits for Redis. */
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
   * Subscribes to `channel`, again whenever needed. Calls `onNotice` with each message, and
   * `onListening` each time that the subscription is up after it was not.
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
   * Takes note of each failure: if one connection leads to a replica, so do those that only
   * subscribe, which never fail for it.
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
    const ignore = () => {
      // The call fails and tells its caller.
    };
    if (!this.#address.isCluster) {
      // A failure of ioredis's own resubscribing would go unheard.
      const own = { maxRetriesPerRequest, autoResubscribe: false };
      return connectToServer(this.#address, own).on('error', ignore);
    }
    return connectToCluster(this.#address, { maxRetriesPerRequest }).on('error', ignore);
  }
}
