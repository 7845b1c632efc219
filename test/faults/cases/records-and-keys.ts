import type { FaultProxy } from '#test/backing/fault-proxy.ts';
import type { FaultCase } from '../fault-case.ts';
import { FORM } from '../form.ts';
import type { World } from '../world.ts';

/** Delay each way: longer than any backing call may take. */
const TOO_SLOW_MS = 3_000;
const KMS_SLOW_MS = 200;
/** Short, as a collection of cargo makes several calls, one after the other. */
const FIRESTORE_SLOW_MS = 60;

/** What needs Firestore: not a parcel for a phone, neither accepting nor collecting it. */
const RECORDING = ['deliver to the Internet', 'collect cargo'] as const;
const NOT_RECORDING = [
  'deliver to phones',
  'deliver from the Internet',
  'collect',
  'deliver cargo',
  'register',
] as const;

/** What needs a signature. */
const SIGNING = ['collect cargo', 'register'] as const;
const NOT_SIGNING = [
  'deliver to phones',
  'deliver from the Internet',
  'deliver to the Internet',
  'collect',
  'deliver cargo',
] as const;

const firestore = ({ gateway }: World) => gateway.lines.firestore;
const kms = ({ gateway }: World) => gateway.lines.kms;

/** Firestore and Cloud KMS in trouble. */
export const RECORDS_AND_KEYS_CASES: Readonly<Record<string, FaultCase>> = {
  'Firestore is away': { ...refusing(firestore), refused: RECORDING, unharmed: NOT_RECORDING },
  'Firestore takes too long': {
    ...delaying(firestore, TOO_SLOW_MS),
    refused: RECORDING,
    unharmed: NOT_RECORDING,
  },
  'Firestore is slow': {
    ...delaying(firestore, FIRESTORE_SLOW_MS),
    unharmed: [...RECORDING, ...NOT_RECORDING],
  },
  'Cloud KMS is away': { ...refusing(kms), refused: SIGNING, unharmed: NOT_SIGNING },
  'Cloud KMS takes too long': {
    ...delaying(kms, TOO_SLOW_MS),
    refused: SIGNING,
    unharmed: NOT_SIGNING,
  },
  'Cloud KMS is slow': { ...delaying(kms, KMS_SLOW_MS), unharmed: [...SIGNING, ...NOT_SIGNING] },
};

function refusing(line: (world: World) => FaultProxy): FaultCase {
  return {
    begin: (world) => line(world).refuse(),
    end: (world) => line(world).accept(),
    lastsMs: FORM.outageMs,
  };
}

function delaying(line: (world: World) => FaultProxy, ms: number): FaultCase {
  return {
    begin: (world) => line(world).delay(ms),
    end: (world) => {
      line(world).delay(0);
      // Delayed chunks would hold up all that follows on their connection.
      line(world).cut();
    },
    lastsMs: FORM.outageMs,
  };
}
