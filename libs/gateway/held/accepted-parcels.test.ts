import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NodeId } from '#awala/node-id.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { InMemoryRecordStore } from '#record-store/in-memory.ts';
import { AcceptedParcels } from './accepted-parcels.ts';

const PHONE: NodeId = `0${'a'.repeat(64)}`;
const OTHER_PHONE: NodeId = `0${'b'.repeat(64)}`;
const HOUR_MS = 3_600_000;

function setting() {
  const clock = new ManualClock();
  const acceptedParcels = new AcceptedParcels({
    records: new InMemoryRecordStore({ clock }),
    clock,
  });
  const record = (parcelId: string, { lifeMs = HOUR_MS, privateGateway = PHONE } = {}) => {
    const expiresAt = new Date(clock.now().getTime() + lifeMs);
    return acceptedParcels.record({
      privateGateway,
      heldFor: null,
      senderId: PHONE,
      recipientId: 'app',
      parcelId,
      expiresAt,
    });
  };
  const places = async () =>
    (await Array.fromAsync(acceptedParcels.list(PHONE))).map(({ parcelId, place }) => [
      place,
      parcelId,
    ]);
  return { clock, record, places };
}

describe('AcceptedParcels', () => {
  it('lists in ascending order of place, which no other entry changes', async () => {
    const { clock, record, places } = setting();
    for (let index = 0; index < 30; index++) {
      await record(`parcel ${index}`, { lifeMs: (1 + (index % 2)) * HOUR_MS });
    }
    const before = await places();
    assert.deepEqual(before, [...before].sort());
    assert.equal(new Set(before.map(([place]) => place)).size, 30);
    clock.advance(HOUR_MS);
    await record('another');
    await record('another phone’s', { privateGateway: OTHER_PHONE });
    const later = await places();
    assert.equal(later.length, 16);
    const known = new Set(before.map(String));
    assert.equal(later.filter((entry) => known.has(String(entry))).length, 15);
  });
});
