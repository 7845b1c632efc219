import type { Tallies } from '#tallies/port.ts';
import type { Foundations } from './foundations.ts';
import { redisTarget } from './redis.ts';
import type { SignalsConfig } from './signals.ts';

/** Opens the tallies, where the signals go: the processes that share those share the quotas too. */
export async function openTallies(
  { signals }: { readonly signals: SignalsConfig },
  foundations: Foundations,
): Promise<Tallies> {
  const { clock, log, deadlineMs } = foundations;
  if (signals.kind === 'redis') {
    const { ASKING_MS, RedisTallies } = await import('#tallies/redis/tallies.ts');
    const prefix = `${signals.prefix}:tally:`;
    const options = { prefix, clock, log, deadlineMs, askingMs: ASKING_MS };
    return foundations.use(new RedisTallies({ ...(await redisTarget(signals)), ...options }));
  }
  const { InProcessTallies } = await import('#tallies/in-process/tallies.ts');
  return foundations.use(new InProcessTallies({ clock }));
}
