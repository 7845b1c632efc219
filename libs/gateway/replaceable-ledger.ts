import { BackingUnavailableError } from '#backing/errors.ts';
import type { CollectionLedger } from './collection-ledger.ts';

/** What the intake of parcels asks of the ledger. */
export type IntakeLedger = Pick<CollectionLedger, 'find' | 'record'>;

const NO_LEDGER: IntakeLedger = {
  find: async () => null,
  record: async () => {},
};

/**
 * The ledger for parcels that replace themselves under their key while they are
 * stored, so that it only prevents a second delivery of what was collected.
 * That is not worth refusing a parcel: while records are away, it knows nothing.
 *
 * @param recordsEveryParcel - false where records cost money or time: then it never knows anything
 */
export function replaceableLedger(ledger: IntakeLedger, recordsEveryParcel: boolean): IntakeLedger {
  if (!recordsEveryParcel) {
    return NO_LEDGER;
  }
  return {
    find: (parcel) => ledger.find(parcel).catch(whileAway(null)),
    record: (parcel) => ledger.record(parcel).catch(whileAway(undefined)),
  };
}

function whileAway<Value>(value: Value): (error: unknown) => Value {
  return (error) => {
    if (error instanceof BackingUnavailableError) {
      return value;
    }
    throw error;
  };
}
