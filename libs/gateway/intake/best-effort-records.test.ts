import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { type Log, silentLog } from '#log/log.ts';
import { InMemoryRecordStore } from '#record-store/in-memory.ts';
import { AcceptedParcels } from '../held/accepted-parcels.ts';
import { bestEffortRecords, type ParcelRecords } from './best-effort-records.ts';

const clock = new ManualClock();
const parcel: Parameters<ParcelRecords['record']>[0] = {
  privateGateway: null,
  heldFor: null,
  senderId: '0a',
  recipientId: '0b',
  parcelId: 'one',
  expiresAt: new Date(clock.now().getTime() + 60_000),
  byCargo: false,
};

/** Records whose writing takes until the test ends it. */
function opened({ log = silentLog }: { readonly log?: Log } = {}) {
  const writing = Promise.withResolvers<void>();
  const records = new InMemoryRecordStore({
    clock,
    before: ({ method }) => (method === 'create' ? writing.promise : undefined),
  });
  const acceptedParcels = new AcceptedParcels({ clock, records });
  const parts = { acceptedParcels, clock, log, recordsEveryParcel: true };
  return { records: bestEffortRecords(parts), writing };
}

describe('records of parcels that replace themselves', () => {
  it('keep nobody waiting, but whoever looks for the same parcel', async () => {
    const { records, writing } = opened();
    await records.record(parcel);
    const found = records.find(parcel);
    assert.equal(await records.find({ ...parcel, parcelId: 'two' }), null);
    writing.resolve();
    assert.deepEqual((await found)?.expiresAt, parcel.expiresAt);
  });

  it('are reported missing if they fail unexpectedly', async () => {
    const reported: unknown[] = [];
    const log = { ...silentLog, error: ({ error }: { error?: unknown }) => reported.push(error) };
    const { records, writing } = opened({ log });
    await records.record(parcel);
    const error = new TypeError('a bug');
    writing.reject(error);
    assert.equal(await records.find(parcel), null);
    assert.deepEqual(reported, [error]);
  });
});
