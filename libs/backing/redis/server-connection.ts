import { Redis, type RedisOptions } from 'ioredis';
import type { RedisAddress } from './connection-options.ts';

/** What a replica answers to a write, also inside of a script, and one that has lost its master to anything. */
const REPLICA = /\b(?:READONLY|MASTERDOWN)\b/;

/** A connection that is so young leads where its address does now: another one would lead there, too. */
const YOUNG_MS = 1_000;

/** What ioredis does after an error. */
const NOTHING = false;
const RECONNECT_AND_REPEAT = 2;

type OwnOptions = Pick<
  RedisOptions,
  'commandTimeout' | 'enableOfflineQueue' | 'autoResubscribe' | 'maxRetriesPerRequest'
>;

/** Whether a server refused because it is a replica: it may have been the master until a moment ago. */
export function isFromReplica(error: unknown): boolean {
  return error instanceof Error && REPLICA.test(error.message);
}

/**
 * A connection to one server, which comes back by itself when it is lost.
 *
 * A fail-over may leave connections to a server that has become a replica. Whoever writes there is
 * refused; the connection is then had anew, which looks its name up anew, and the command is repeated,
 * once. As long as the address leads to a replica, commands fail, and that is tried once a second.
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
