import { httpDateMs } from '#clock/http-date.ts';
import type { ObjectStoreConfig } from './object-store.ts';
import { type RedisConfig, redisTarget } from './redis.ts';

const DEFAULT_ENDPOINT = 'https://storage.googleapis.com';

/** Somebody who knows the time and is no peer of ours. */
export interface ClockWitness {
  /** Who, in words. */
  readonly by: string;
  /**
   * What the time is, in milliseconds since the epoch; null if it does not say.
   *
   * @throws if it cannot be asked within `timeoutMs`
   */
  ask(timeoutMs: number): Promise<number | null>;
}

/** The backing services that tell the time. */
export interface WitnessConfig {
  readonly objectStore: ObjectStoreConfig;
  readonly signals: { readonly kind: 'in-process' } | ({ readonly kind: 'redis' } & RedisConfig);
}

/** None of them for a gateway on the embedded backing, whose services have the same clock as we. */
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
