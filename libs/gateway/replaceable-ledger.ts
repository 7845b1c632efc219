import { BackingFullError, BackingUnavailableError } from '#backing/errors.ts';
import { type Clock, inTime } from '#clock/clock.ts';
import type { CollectionLedger } from './collection-ledger.ts';

/** What the intake of parcels asks of the ledger. */
export type IntakeLedger = Pick<CollectionLedger, 'find' | 'record'>;

/** Leaves most of the time that a client waits to storing. */
const PATIENCE_MS = 500;

const NO_LEDGER: IntakeLedger = {
  find: async () => null,
  record: async () => {},
};

/**
 * The ledger for parcels that replace themselves under their key while they are
 * stored, so that it only prevents a second delivery of what was collected.
 * That is not worth refusing a parcel, nor keeping a client waiting: while
 * records are away, full or slow, it knows nothing.
 *
 * @param parts.recordsEveryParcel - false where records cost money or time, and unless given: then it never knows anything
 */
export function replaceableLedger({
  ledger,
  clock,
  recordsEveryParcel = false,
}: {
  readonly ledger: IntakeLedger;
  readonly clock: Clock;
  readonly recordsEveryParcel?: boolean;
}): IntakeLedger {
  if (!recordsEveryParcel) {
    return NO_LEDGER;
  }
  return {
    find: (parcel) => ifHad(ledger.find(parcel), null, clock),
    record: (parcel) => ifHad(ledger.record(parcel), undefined, clock),
  };
}

/** @returns what the ledger answers, or `otherwise` if it does not in time */
function ifHad<Value>(answer: Promise<Value>, otherwise: Value, clock: Clock): Promise<Value> {
  const had = answer.catch((error: unknown) => {
    if (error instanceof BackingUnavailableError || error instanceof BackingFullError) {
      return otherwise;
    }
    throw error;
  });
  return inTime(clock, PATIENCE_MS, had, () => otherwise);
}
