import { Redis } from 'ioredis';
import { parseRedisTarget, type RedisTarget } from './connection-options.ts';

const MICROSECONDS_PER_MS = 1_000;

/**
 * What a Redis server takes for the time, in milliseconds since the epoch; asked
 * over a connection of its own.
 *
 * @throws if there is no answer within `timeoutMs` for connecting and as much for asking
 */
export async function redisTime(target: RedisTarget, timeoutMs: number): Promise<number> {
  const { host, port, options } = parseRedisTarget(target);
  const redis = new Redis({
    ...options,
    host,
    port,
    lazyConnect: true,
    retryStrategy: () => null,
    connectTimeout: timeoutMs,
    commandTimeout: timeoutMs,
    maxRetriesPerRequest: 0,
  });
  // Whoever waits for a call is told; without a listener the process would end.
  redis.on('error', () => {});
  try {
    await redis.connect();
    const [seconds, microseconds] = await redis.time();
    return Number(seconds) * 1_000 + Number(microseconds) / MICROSECONDS_PER_MS;
  } finally {
    redis.disconnect();
  }
}
