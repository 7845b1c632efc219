import { ADDING_MS, type HeldIndex } from '#held-index/port.ts';
import type { Foundations } from './foundations.ts';
import type { ObjectStoreConfig } from './object-store.ts';
import { redisTarget } from './redis.ts';
import type { SignalsConfig } from './signals.ts';

/**
 * Entries in the memory of a gateway in one process on a cloud store, some 0.5 KiB each. Past them,
 * the store is listed.
 */
const MOST_IN_PROCESS = 200_000;

/**
 * Opens the index of what is held, where the signals go: parcels are announced to both.
 *
 * @returns null for a store on this machine's disk, where listing costs next to nothing
 */
export async function openHeldIndex(
  {
    objectStore,
    signals,
  }: { readonly objectStore: ObjectStoreConfig; readonly signals: SignalsConfig },
  foundations: Foundations,
): Promise<HeldIndex | null> {
  if (objectStore.kind === 'filesystem') {
    return null;
  }
  const { clock, log, deadlineMs } = foundations;
  if (signals.kind === 'redis') {
    const { RedisHeldIndex } = await import('#held-index/redis/held-index.ts');
    const prefix = `${signals.prefix}:held`;
    const options = { prefix, clock, log, deadlineMs, addingMs: ADDING_MS };
    return foundations.use(new RedisHeldIndex({ ...(await redisTarget(signals)), ...options }));
  }
  const { InProcessHeldIndex } = await import('#held-index/in-process/held-index.ts');
  return foundations.use(new InProcessHeldIndex({ clock, maxEntries: MOST_IN_PROCESS }));
}
