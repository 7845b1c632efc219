import { Redis } from 'ioredis';
import { parseRedisTarget, type RedisTarget } from './connection-options.ts';

/**
 * A connection for a command or two, not open yet and tried once.
 *
 * @param timeoutMs - for connecting, and for each command
 */
export function briefConnection(target: RedisTarget, timeoutMs: number): Redis {
  const { host, port, options } = parseRedisTarget(target);
  return new Redis({
    ...options,
    host,
    port,
    lazyConnect: true,
    retryStrategy: () => null,
    connectTimeout: timeoutMs,
    commandTimeout: timeoutMs,
    maxRetriesPerRequest: 0,
  });
}
