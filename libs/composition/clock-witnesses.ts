import { httpDateMs } from '#clock/http-date.ts';
import type { ObjectStoreConfig } from './object-store.ts';
import { type RedisConfig, redisTarget } from './redis.ts';

const DEFAULT_ENDPOINT = 'https://storage.googleapis.com';

/** A source of the time that no peer controls. */
export interface ClockWitness {
  /** Its name, in words. */
  readonly by: string;
  /**
   * The time, in milliseconds since the epoch; null if the witness does not say.
   *
   * @throws if it does not answer within `timeoutMs`
   */
  ask(timeoutMs: number): Promise<number | null>;
}

/** The backing services that can tell the time. */
export interface WitnessConfig {
  readonly objectStore: ObjectStoreConfig;
  readonly signals: { readonly kind: 'in-process' } | ({ readonly kind: 'redis' } & RedisConfig);
}

/**
 * The witnesses among the backing services; none on the embedded backing, which has this machine's
 * clock.
 */
export function clockWitnesses({ objectStore, signals }: WitnessConfig): ClockWitness[] {
  const witnesses: ClockWitness[] = [];
  if (objectStore.kind === 'gcs') {
    const url = objectStore.apiEndpoint ?? DEFAULT_ENDPOINT;
    witnesses.push({ by: 'Cloud Storage', ask: (timeoutMs) => askByHttp(url, timeoutMs) });
  }
  if (signals.kind === 'redis') {
    witnesses.push({ by: 'Redis', ask: (timeoutMs) => askRedis(signals, timeoutMs) });
  }
  return witnesses;
}

async function askByHttp(url: string | URL, timeoutMs: number): Promise<number | null> {
  const { headers } = await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(timeoutMs) });
  return httpDateMs({ date: headers.get('date'), age: headers.get('age') });
}

async function askRedis(config: RedisConfig, timeoutMs: number): Promise<number> {
  // Loaded only where there is Redis.
  const { redisTime } = await import('#backing/redis/server-connection.ts');
  return redisTime(await redisTarget(config), timeoutMs);
}
