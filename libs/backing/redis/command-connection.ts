import type { Cluster, Redis } from 'ioredis';
import { connectToCluster } from './cluster-connection.ts';
import { parseRedisTarget, type RedisTarget } from './connection-options.ts';
import { connectToServer } from './server-connection.ts';

/**
 * Opens a connection for short commands, which fail while Redis is away. One that gives no answer
 * within the deadline may be dead without notice, and is replaced.
 */
export function connectForCommands(target: RedisTarget, deadlineMs: number): Redis | Cluster {
  const patience = { commandTimeout: deadlineMs, socketTimeout: deadlineMs } as const;
  const address = parseRedisTarget(target);
  const ignore = () => {
    // The call fails and tells its caller.
  };
  const connection = address.isCluster
    ? connectToCluster(address, patience, { maxRedirections: 4 })
    : connectToServer(address, { maxRetriesPerRequest: 1, ...patience });
  return connection.on('error', ignore);
}
