import { Cluster, type ClusterOptions, type RedisOptions } from 'ioredis';
import { type RedisAddress, reconnectPause } from './connection-options.ts';

/**
 * Connections to a Redis Cluster that reconnect by themselves.
 *
 * @param own - of each connection to a node
 * @param more - of the cluster
 */
export function connectToCluster(
  { host, port, options }: RedisAddress,
  own: Pick<RedisOptions, 'commandTimeout' | 'socketTimeout' | 'maxRetriesPerRequest'>,
  more: Pick<ClusterOptions, 'maxRedirections' | 'shardedSubscribers'> = {},
): Cluster {
  const { retryStrategy: _, ...redisOptions } = options;
  return new Cluster([{ host, port }], {
    ...more,
    redisOptions: { ...redisOptions, ...own },
    clusterRetryStrategy: reconnectPause,
    // Managed clusters present certificates for names that only they resolve.
    dnsLookup: (name, callback) => callback(null, name),
  });
}
