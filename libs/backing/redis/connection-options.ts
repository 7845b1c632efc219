import { isIP } from 'node:net';
import { type ConnectionOptions, checkServerIdentity } from 'node:tls';
import type { RedisOptions } from 'ioredis';
import { type Backoff, pauseAfter } from '#bounds/backoff.ts';

/** How to reach a Redis server or cluster. */
export interface RedisTarget {
  /**
   * `redis://[user:password@]host:port[/db]`, `rediss://` for TLS; `redis+cluster://` and
   * `rediss+cluster://` name any node of a Redis Cluster.
   */
  readonly url: string;
  /** The only certificate authorities to trust, instead of the system's; in PEM. */
  readonly ca?: string;
}

/** A parsed {@link RedisTarget}. */
export interface RedisAddress {
  readonly isCluster: boolean;
  readonly host: string;
  readonly port: number;
  readonly options: Pick<
    RedisOptions,
    'username' | 'password' | 'db' | 'tls' | 'connectTimeout' | 'keepAlive' | 'retryStrategy'
  >;
}

const SCHEMES = new Map([
  ['redis:', { isSecure: false, isCluster: false }],
  ['rediss:', { isSecure: true, isCluster: false }],
  ['redis+cluster:', { isSecure: false, isCluster: true }],
  ['rediss+cluster:', { isSecure: true, isCluster: true }],
]);

const CONNECT_TIMEOUT_MS = 2_000;
const RECONNECTING: Backoff = { firstMs: 100, maxMs: 2_000 };

/** @throws {TypeError} if the URL is not a Redis URL */
export function parseRedisTarget({ url, ca }: RedisTarget): RedisAddress {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  const scheme = SCHEMES.get(parsed?.protocol ?? '');
  if (!parsed || !scheme || parsed.hostname === '') {
    throw new TypeError(
      'the URL of Redis must be like redis://host:port or rediss+cluster://host:port',
    );
  }
  const database = Number(parsed.pathname.slice(1) || 0);
  return {
    isCluster: scheme.isCluster,
    host: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: Number(parsed.port || 6_379),
    options: {
      ...(parsed.username ? { username: decodeURIComponent(parsed.username) } : {}),
      ...(parsed.password ? { password: decodeURIComponent(parsed.password) } : {}),
      ...(database > 0 ? { db: database } : {}),
      ...(scheme.isSecure ? { tls: ca === undefined ? {} : trustOnly(ca) } : {}),
      connectTimeout: CONNECT_TIMEOUT_MS,
      keepAlive: 5_000,
      retryStrategy: reconnectPause,
    },
  };
}

/**
 * TLS with servers certified by the operator's own authority. A server reached by IP address need
 * not have that in its certificate, since managed ones (Memorystore) are reported to have it where
 * TLS does not look.
 */
function trustOnly(ca: string): ConnectionOptions {
  return {
    ca,
    checkServerIdentity: (host, certificate) =>
      isIP(host) ? undefined : checkServerIdentity(host, certificate),
  };
}

/**
 * The pause before the next attempt to connect, in milliseconds: growing to 2 s, and jittered so
 * that processes do not reconnect all at once.
 */
export function reconnectPause(attempts: number): number {
  return pauseAfter(attempts, RECONNECTING);
}
