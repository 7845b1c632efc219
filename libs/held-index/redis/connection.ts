import { Cluster, type Redis } from 'ioredis';
import {
  parseRedisTarget,
  type RedisTarget,
  reconnectPause,
} from '#backing/redis/connection-options.ts';
import { connectToServer } from '#backing/redis/server-connection.ts';

/**
 * Opens a connection for short commands, which fail while Redis is away. One that gives no answer
 * within the deadline may be dead without notice, and is replaced.
 */
export function connect(target: RedisTarget, deadlineMs: number): Redis | Cluster {
  const patience = { commandTimeout: deadlineMs, socketTimeout: deadlineMs } as const;
  const address = parseRedisTarget(target);
  const { host, port, options, isCluster } = address;
  const ignore = () => {
    // The call fails and tells its caller.
  };
  if (!isCluster) {
    return connectToServer(address, { maxRetriesPerRequest: 1, ...patience }).on('error', ignore);
  }
  const { retryStrategy: _, ...redisOptions } = options;
  return new Cluster([{ host, port }], {
    redisOptions: { ...redisOptions, ...patience },
    clusterRetryStrategy: reconnectPause,
    maxRedirections: 4,
    // Managed clusters present certificates for names that only they resolve.
    dnsLookup: (name, callback) => callback(null, name),
  }).on('error', ignore);
}
