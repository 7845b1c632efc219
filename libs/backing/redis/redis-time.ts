import { briefConnection } from './brief-connection.ts';
import type { RedisTarget } from './connection-options.ts';

const MICROSECONDS_PER_MS = 1_000;

/**
 * What a Redis server takes for the time, in milliseconds since the epoch; asked
 * over a connection of its own.
 *
 * @throws if there is no answer within `timeoutMs` for connecting and as much for asking
 */
export async function redisTime(target: RedisTarget, timeoutMs: number): Promise<number> {
  const redis = briefConnection(target, timeoutMs);
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
