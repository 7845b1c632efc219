import { isIP } from 'node:net';
import { type ConnectionOptions, checkServerIdentity } from 'node:tls';
import type { RedisOptions } from 'ioredis';

/** How to reach a Redis server or cluster. */
export interface RedisTarget {
  /**
   * `redis://[user:password@]host:port[/db]`, `rediss://` for TLS; `redis+cluster://` and
   * `rediss+cluster://` name any node of a Redis Cluster.
   */
  readonly url: string;
  /** Certificates of the only authority to trust, in place of the system's, in PEM. */
  readonly ca?: string;
}

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
const LONGEST_PAUSE_MS = 2_000;

/** @throws {TypeError} if the URL is none of a Redis server */
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
 * TLS with servers of the operator's own authority, which vouches for nobody else. One that is reached by
 * its IP address need not have that in its certificate, since those of managed servers (Memorystore) are
 * reported to have it where TLS does not look for it.
 */
function trustOnly(ca: string): ConnectionOptions {
  return {
    ca,
    checkServerIdentity: (host, certificate) =>
      isIP(host) ? undefined : checkServerIdentity(host, certificate),
  };
}

/** Between attempts to connect: growing to 2 s and jittered, so that service resumes soon, not all at once. */
export function reconnectPause(attempts: number): number {
  const fullMs = Math.min(50 * 2 ** Math.min(attempts, 10), LONGEST_PAUSE_MS);
  return fullMs * (0.5 + Math.random() / 2);
}
