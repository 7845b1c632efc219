import { BackingError } from '#backing/errors.ts';
import { inTime } from '#bounds/deadline.ts';
import type { Clock } from '#clock/clock.ts';
import type { Log } from '#log/log.ts';
import type { AcceptedParcelIdentity, AcceptedParcels } from '../held/accepted-parcels.ts';

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
 * kept waiting: while the record store is unavailable, full or slow, `find` returns null, and
 * `record` resolves before anything is durable. Whoever looks for a parcel meanwhile waits for that.
 *
 * @param parts.recordsEveryParcel - if false (the default), for stores whose records cost money or
 * time, nothing is looked up or recorded
 */
export function bestEffortRecords({
  acceptedParcels,
  clock,
  log,
  recordsEveryParcel = false,
}: {
  readonly acceptedParcels: ParcelRecords;
  readonly clock: Clock;
  readonly log: Log;
  readonly recordsEveryParcel?: boolean | undefined;
}): ParcelRecords {
  if (!recordsEveryParcel) {
    return NO_RECORDS;
  }
  const underWay = new Map<string, Promise<void>>();
  return {
    async find(parcel) {
      await underWay.get(nameOf(parcel));
      return answerOr(null, acceptedParcels.find(parcel), clock);
    },
    async record(parcel) {
      const name = nameOf(parcel);
      const recording = answerOr(undefined, acceptedParcels.record(parcel), clock)
        .catch((error: unknown) => log.error({ error }, 'Could not record a parcel'))
        .finally(() => {
          if (underWay.get(name) === recording) {
            underWay.delete(name);
          }
        });
      underWay.set(name, recording);
    },
  };
}

/** Parcels that share a name wait for each other in vain, at worst. */
function nameOf({ senderId, recipientId, parcelId }: AcceptedParcelIdentity): string {
  return `${parcelId} ${senderId} ${recipientId}`;
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
