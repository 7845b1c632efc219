import { readFile } from 'node:fs/promises';
import { parseRedisTarget, type RedisTarget } from '#backing/redis/connection-options.ts';
import { Secret } from '#runtime/configuration/secret.ts';
import { variable } from '#runtime/configuration/variable.ts';
import { text } from '#runtime/configuration/variables.ts';

/** Which Redis to use, and under which prefix. */
export const redisVariables = {
  url: variable(
    'REDIS_URL',
    { meaning: 'redis://host:port, rediss:// for TLS, redis+cluster:// for any node of a cluster' },
    {
      accepts: 'a URL such as redis://host:6379 or rediss+cluster://host',
      schema: { type: 'string' },
      parse(content) {
        try {
          parseRedisTarget({ url: content });
        } catch {
          return undefined;
        }
        return new Secret(content);
      },
      isHidden: true,
    },
  ),
  caFile: text('REDIS_CA_FILE', {
    meaning: 'a PEM file with the only certificate authorities to trust',
    default: null,
  }),
  prefix: text('REDIS_PREFIX', {
    meaning: 'prefix of all names in Redis, so that gateways can share a server',
    default: 'awala',
    pattern: /^[A-Za-z0-9_.-]{1,64}$/,
    format: '1 to 64 of A-Z a-z 0-9 _ . -',
  }),
};

/** Which Redis to use, and under which prefix. */
export interface RedisConfig {
  readonly url: Secret;
  readonly caFile: string | null;
  readonly prefix: string;
}

/**
 * The configured Redis, in the adapters' terms.
 *
 * @throws if the file with certificates cannot be read
 */
export async function redisTarget({ url, caFile }: RedisConfig): Promise<RedisTarget> {
  const target = { url: url.reveal() };
  return caFile === null ? target : { ...target, ca: await readFile(caFile, 'utf8') };
}
