import { type Values, variant } from '#runtime/configuration/configuration.ts';
import { choice, size } from '#runtime/configuration/variables.ts';
import type { Signals } from '#signals/port.ts';
import type { Foundations } from './foundations.ts';
import { redisTarget, redisVariables } from './redis.ts';
import { OR_ONE_PROCESS, refusing } from './sharing.ts';

const meaning = 'what tells collectors that a parcel arrived';

/** Up to which size parcels travel with their signals, so that nobody need read them. */
export const maxSignalledOctets = size('SIGNAL_BODIES', {
  meaning:
    'parcels up to this size go to connected phones with the signal, without being read again; 0 for none',
  default: 16_384,
  min: 0,
  max: 65_536,
});

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
