import { Redis, type RedisOptions } from 'ioredis';
import { parseRedisTarget, type RedisAddress, type RedisTarget } from './connection-options.ts';

/**
 * A replica's answer to a write, also inside a script; or to anything, if it has lost its master.
 */
const REPLICA = /\b(?:READONLY|MASTERDOWN)\b/;

/**
 * A connection younger than this leads to where its address leads now, so a new one would not help.
 */
const YOUNG_MS = 1_000;

/** Tells ioredis to do nothing about an error. */
const NOTHING = false;
const RECONNECT_AND_REPEAT = 2;

type OwnOptions = Pick<
  RedisOptions,
  | 'commandTimeout'
  | 'socketTimeout'
  | 'enableOfflineQueue'
  | 'autoResubscribe'
  | 'autoResendUnfulfilledCommands'
  | 'maxRetriesPerRequest'
>;

/** Whether a server refused because it is a replica, which it may have become just now. */
export function isFromReplica(error: unknown): boolean {
  return error instanceof Error && REPLICA.test(error.message);
}

/**
 * A connection to one server that reconnects by itself.
 *
 * A fail-over may leave connections to a server that has become a replica and refuses writes. Then
 * this reconnects, which resolves the name again, and repeats the command once. While the address
 * leads to a replica, commands fail, and reconnecting is tried once a second.
 */
export function connectToServer({ host, port, options }: RedisAddress, own: OwnOptions): Redis {
  let readyAtMs = performance.now();
  const reconnectOnError = (error: Error) =>
    isFromReplica(error) && performance.now() - readyAtMs >= YOUNG_MS
      ? RECONNECT_AND_REPEAT
      : NOTHING;
  return new Redis({ ...options, ...own, host, port, reconnectOnError }).on('ready', () => {
    readyAtMs = performance.now();
  });
}

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
