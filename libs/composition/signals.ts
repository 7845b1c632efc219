import { type Values, variant } from '#runtime/configuration/configuration.ts';
import { choice } from '#runtime/configuration/variables.ts';
import type { Signals } from '#signals/port.ts';
import type { Foundations } from './foundations.ts';
import { redisTarget, redisVariables } from './redis.ts';
import { OR_ONE_PROCESS, refusing } from './sharing.ts';

const meaning = 'what tells collectors that a parcel arrived';

/** For the gateway in one process. */
export const signals = variant(
  choice('SIGNALS', ['in-process', 'redis'], { meaning, default: 'in-process' }),
  { 'in-process': {}, redis: redisVariables },
);

/** For a service that exchanges signals with others. */
export const sharedSignals = variant(
  refusing(choice('SIGNALS', ['redis'], { meaning }), {
    kind: 'in-process',
    sentence: `is in-process, which reaches no other process: set SIGNALS=redis and REDIS_URL, ${OR_ONE_PROCESS}`,
  }),
  { redis: redisVariables },
);

/** Which signals to open. */
export type SignalsConfig = Values<typeof signals>;

/** Opens the configured signals. */
export async function openSignals(
  config: SignalsConfig,
  foundations: Foundations,
): Promise<Signals> {
  const { clock, log, deadlineMs } = foundations;
  if (config.kind === 'redis') {
    const { RedisSignals } = await import('#signals/redis/signals.ts');
    const prefix = `${config.prefix}:signal:`;
    const options = { ...(await redisTarget(config)), prefix, clock, log, deadlineMs };
    return foundations.use(new RedisSignals(options));
  }
  const { InProcessSignals } = await import('#signals/in-process/signals.ts');
  return foundations.use(new InProcessSignals({ log }));
}
