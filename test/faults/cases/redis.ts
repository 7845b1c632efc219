import { SERVICES } from '../answers.ts';
import type { FaultCase } from '../fault-case.ts';
import { FORM } from '../form.ts';

/** Signals and jobs only hint at what is stored. */
const unharmed = SERVICES;

/** In the long form, longer than the lock of a running job. */
const PAUSE_MS = FORM.name === 'long' ? 30_000 : 0;

/** Redis in trouble. */
export const REDIS_CASES: Readonly<Record<string, FaultCase>> = {
  'Redis dies, and is started again': dying({ isEmpty: false }),
  'Redis dies, and is started again with nothing in it': dying({ isEmpty: true }),
  'Redis stands still': {
    begin: ({ gateway }) => gateway.redis.pause(),
    end: ({ gateway }) => gateway.redis.resume(),
    unharmed,
    lastsMs: PAUSE_MS,
  },
  'Redis is cut off': {
    begin: ({ gateway }) => gateway.lines.redis.refuse(),
    end: ({ gateway }) => gateway.lines.redis.accept(),
    unharmed,
    lastsMs: FORM.outageMs,
  },
  'Redis fails over to a replica that lags': {
    begin: ({ gateway }) => gateway.redis.startLaggingReplica(),
    end: async ({ gateway: { redis, lines } }) => {
      await redis.failOver();
      lines.redis.leadTo(redis.address);
    },
    unharmed,
    lastsMs: FORM.outageMs,
  },
  'connections to Redis are cut': {
    begin: ({ gateway }) => gateway.lines.redis.cut(),
    end: () => {},
  },
};

function dying(after: { readonly isEmpty: boolean }): FaultCase {
  return {
    begin: ({ gateway }) => gateway.redis.kill(),
    end: ({ gateway }) => gateway.redis.restart(after),
    unharmed,
    lastsMs: FORM.outageMs,
  };
}
