import { Redis, type RedisOptions } from 'ioredis';
import type { RedisAddress } from './connection-options.ts';

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
  'commandTimeout' | 'enableOfflineQueue' | 'autoResubscribe' | 'maxRetriesPerRequest'
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
