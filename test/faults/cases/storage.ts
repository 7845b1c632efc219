import type { FaultCase } from '../fault-case.ts';
import { FORM } from '../form.ts';

/** Longer than any backing call may take. */
const TOO_SLOW_MS = 4_000;
const SLOW_MS = 300;

/** What needs Cloud Storage; collections wait until it is back. */
const refused = [
  'deliver to phones',
  'deliver to the Internet',
  'deliver from the Internet',
  'deliver cargo',
] as const;

/** What needs no Cloud Storage. */
const unharmed = ['register'] as const;

/** Cloud Storage in trouble. */
export const STORAGE_CASES: Readonly<Record<string, FaultCase>> = {
  'Cloud Storage answers 503': answering(503),
  'Cloud Storage answers 429': answering(429),
  'Cloud Storage takes too long': { ...delaying(TOO_SLOW_MS), refused, unharmed },
  'Cloud Storage is slow': { ...delaying(SLOW_MS), unharmed: [...refused, ...unharmed, 'collect'] },
  'Cloud Storage cuts uploads': {
    begin: ({ gateway }) => {
      gateway.lines.gcs.isCuttingUploads = true;
    },
    end: ({ gateway }) => {
      gateway.lines.gcs.isCuttingUploads = false;
    },
    refused,
    unharmed: [...unharmed, 'collect'],
    lastsMs: FORM.outageMs,
  },
};

function answering(status: number): FaultCase {
  return {
    begin: ({ gateway }) => {
      gateway.lines.gcs.failing = status;
    },
    end: ({ gateway }) => {
      gateway.lines.gcs.failing = null;
    },
    refused,
    unharmed,
    lastsMs: FORM.outageMs,
  };
}

function delaying(ms: number): FaultCase {
  return {
    begin: ({ gateway }) => {
      gateway.lines.gcs.delayMs = ms;
    },
    end: ({ gateway }) => {
      gateway.lines.gcs.delayMs = 0;
    },
    lastsMs: FORM.outageMs,
  };
}
