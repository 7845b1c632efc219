import { parseRedisTarget } from '#backing/redis/connection-options.ts';
import { briefConnection } from '#backing/redis/server-connection.ts';
import { type RedisConfig, redisTarget } from '#composition/redis.ts';
import { type Advice, type Finding, ill, tried } from './finding.ts';

const TIMEOUT_MS = 5_000;
/** What becomes of a gateway for which Redis does not work. */
export const WITHOUT_REDIS =
  'Phones get parcels late, and cargo and parcels to Internet apps wait for the sweeper.';

/** Whether Redis works, the first finding, and keeps its data. */
export async function redisFindings(
  config: RedisConfig,
): Promise<readonly [Finding, ...Finding[]]> {
  const target = await redisTarget(config);
  const { host, port } = parseRedisTarget(target);
  const redis = briefConnection(target, TIMEOUT_MS);
  // The call reports the error; without a listener, the process would end.
  let failure: Error | null = null;
  redis.on('error', (error) => {
    failure = error;
  });
  let info = '';
  const reached = await tried(
    'Redis',
    async () => {
      await redis.connect().catch((error: unknown) => {
        throw failure ?? error;
      });
      info = await redis.info();
      return `${host}:${port} answers (version ${fieldOf(info, 'redis_version')})`;
    },
    adviceFor(`${host}:${port}`),
  );
  redis.disconnect();
  return [reached, ...policyFindings(info)];
}

function policyFindings(info: string): readonly Finding[] {
  const policy = fieldOf(info, 'maxmemory_policy');
  return policy === '' || policy === 'noeviction'
    ? []
    : [
        ill('Redis', `it drops jobs when its memory is full (maxmemory-policy is ${policy})`, {
          why: 'The sweeper brings such jobs back only late.',
          remedy: 'Set maxmemory-policy to noeviction.',
        }),
      ];
}

function fieldOf(info: string, name: string): string {
  return new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim() ?? '';
}

function adviceFor(address: string): Advice {
  return {
    why: WITHOUT_REDIS,
    unreachable: `Check REDIS_URL, that Redis runs at ${address}, and that the network allows the connection.`,
    unanswered: `Check that ${address} is Redis, and whether it needs TLS (rediss://).`,
    unauthenticated: 'Put the right user and password into REDIS_URL.',
    denied: 'Let this user of Redis run all commands on its own prefix, INFO, TIME and pub/sub.',
    other:
      'Check REDIS_URL, whether Redis needs TLS (rediss://), and REDIS_CA_FILE for its certificate.',
  };
}
