import { SERVICES } from '../answers.ts';
import type { FaultCase } from '../fault-case.ts';
import { FORM } from '../form.ts';

/** Whoever is not connected yet cannot be told of arrivals, and so must come later. */
const refused = ['collect'] as const;

/** Signals and jobs only hint at what is stored. */
const unharmed = SERVICES.filter((service) => service !== 'collect');

/** What the issue of these tests asks for. */
const PAUSE_MS = FORM.name === 'long' ? 30_000 : 0;

/** Redis in trouble. */
export const REDIS_CASES: Readonly<Record<string, FaultCase>> = {
  'Redis dies, and is started again': dying({ isEmpty: false }),
  'Redis dies, and is started again with nothing in it': dying({ isEmpty: true }),
  'Redis stands still': {
    begin: ({ gateway }) => gateway.redis.pause(),
    end: ({ gateway }) => gateway.redis.resume(),
    refused,
    unharmed,
    lastsMs: PAUSE_MS,
  },
  'Redis is cut off': {
    begin: ({ gateway }) => gateway.lines.redis.refuse(),
    end: ({ gateway }) => gateway.lines.redis.accept(),
    refused,
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
    refused,
    unharmed,
    lastsMs: FORM.outageMs,
  };
}
