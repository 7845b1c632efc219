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

const MICROSECONDS_PER_MS = 1_000;

/**
 * The time according to a Redis server, in milliseconds since the epoch. Uses a connection of its
 * own.
 *
 * @throws if connecting, or the answer, takes longer than `timeoutMs`
 */
export async function redisTime(target: RedisTarget, timeoutMs: number): Promise<number> {
  const redis = briefConnection(target, timeoutMs);
  // The call reports the error; without a listener, the process would end.
  redis.on('error', () => {});
  try {
    await redis.connect();
    const [seconds, microseconds] = await redis.time();
    return Number(seconds) * 1_000 + Number(microseconds) / MICROSECONDS_PER_MS;
  } finally {
    redis.disconnect();
  }
}
