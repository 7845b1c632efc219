import { BackingError } from '#backing/errors.ts';
import { inTime } from '#bounds/deadline.ts';
import type { Clock } from '#clock/clock.ts';
import type { AcceptedParcels } from '../held/accepted-parcels.ts';

/** What the intake needs of the accepted parcels. */
export type ParcelRecords = Pick<AcceptedParcels, 'find' | 'record'>;

/** Leaves storing most of the time that a client waits. */
const PATIENCE_MS = 500;

const NO_RECORDS: ParcelRecords = {
  find: async () => null,
  record: async () => {},
};

/**
 * Accepted parcels for those that replace themselves under their key while stored. They only
 * prevent a second delivery of a collected parcel, for which no parcel is refused and no client
 * kept waiting: while the record store is unavailable, full or slow, `find` returns null and
 * `record` does nothing.
 *
 * @param parts.recordsEveryParcel - if false (the default), for stores whose records cost money or
 * time, nothing is looked up or recorded
 */
export function bestEffortRecords({
  acceptedParcels,
  clock,
  recordsEveryParcel = false,
}: {
  readonly acceptedParcels: ParcelRecords;
  readonly clock: Clock;
  readonly recordsEveryParcel?: boolean | undefined;
}): ParcelRecords {
  if (!recordsEveryParcel) {
    return NO_RECORDS;
  }
  return {
    find: (parcel) => answerOr(null, acceptedParcels.find(parcel), clock),
    record: (parcel) => answerOr(undefined, acceptedParcels.record(parcel), clock),
  };
}

/** Resolves with `otherwise` if the record store fails, or does not answer in time. */
function answerOr<Value>(otherwise: Value, answer: Promise<Value>, clock: Clock): Promise<Value> {
  const caught = answer.catch((error: unknown) => {
    if (error instanceof BackingError) {
      return otherwise;
    }
    throw error;
  });
  return inTime(clock, PATIENCE_MS, caught, () => otherwise);
}
