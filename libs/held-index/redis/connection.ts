import { Cluster, type Redis } from 'ioredis';
import {
  parseRedisTarget,
  type RedisTarget,
  reconnectPause,
} from '#backing/redis/connection-options.ts';
import { connectToServer } from '#backing/redis/server-connection.ts';

/** Opens a connection for short commands, which fail while Redis is away. */
export function connect(target: RedisTarget, commandTimeout: number): Redis | Cluster {
  const address = parseRedisTarget(target);
  const { host, port, options, isCluster } = address;
  const ignore = () => {
    // The call fails and tells its caller.
  };
  if (!isCluster) {
    return connectToServer(address, { maxRetriesPerRequest: 1, commandTimeout }).on(
      'error',
      ignore,
    );
  }
  const { retryStrategy: _, ...redisOptions } = options;
  return new Cluster([{ host, port }], {
    redisOptions: { ...redisOptions, commandTimeout },
    clusterRetryStrategy: reconnectPause,
    maxRedirections: 4,
    // Managed clusters present certificates for names that only they resolve.
    dnsLookup: (name, callback) => callback(null, name),
  }).on('error', ignore);
}
