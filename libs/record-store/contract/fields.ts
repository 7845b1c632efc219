import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { type FieldValue, type RecordFields, recordKind } from '../port.ts';
import { listIds, type OpenRecordStore, PEERS, SESSIONS, today } from './opened-store.ts';

const ANYTHING = recordKind<RecordFields>('test-anything');

const STORABLE: readonly FieldValue[] = [
  'text',
  '',
  'ünï\u{1F600}\u0000"\\\n',
  '2026-01-01T00:00:00.000Z',
  '{"date":0}',
  0,
  -1.5,
  2 ** 53 - 1,
  1e300,
  true,
  false,
  null,
  new Date('2026-03-04T05:06:07.089Z'),
  new Date(0),
  new Date('2262-01-01T00:00:00Z'),
  Uint8Array.of(),
  Uint8Array.of(0, 128, 255),
];

export function describeFields(open: OpenRecordStore): void {
  describe('fields', () => {
    it('gives back every type of value as it was', async () => {
      await using opened = await open(new ManualClock(today()));
      const fields = Object.fromEntries(STORABLE.map((value, index) => [`field${index}`, value]));
      await opened.store.set(ANYTHING, 'all', fields);
      const stored = await opened.store.get(ANYTHING, 'all');
      assert.deepEqual(comparable(stored?.fields ?? {}), comparable(fields));
      assert.equal(stored?.id, 'all');
      assert.equal(stored?.expiresAt, null);
      const [listed] = await Array.fromAsync(opened.store.list(ANYTHING, ''));
      assert.deepEqual(comparable(listed?.fields ?? {}), comparable(fields));
    });

    it('holds a record without fields, and one as large as is allowed', async () => {
      await using opened = await open(new ManualClock(today()));
      await opened.store.set(ANYTHING, 'empty', {});
      assert.deepEqual((await opened.store.get(ANYTHING, 'empty'))?.fields, {});
      const octets = new Uint8Array(64 * 1_024 - 4).fill(7);
      await opened.store.set(ANYTHING, 'large', { data: octets });
      const stored = (await opened.store.get(ANYTHING, 'large'))?.fields.data;
      assert.ok(stored instanceof Uint8Array);
      assert.equal(Buffer.compare(stored, octets), 0);
    });

    it('refuses what not every backing service can store, as the fault of the caller', async () => {
      await using opened = await open(new ManualClock(today()));
      for (const fields of [
        { data: new Uint8Array(64 * 1_024 - 3) },
        { value: Number.NaN },
        { value: Number.POSITIVE_INFINITY },
        { at: new Date(Number.NaN) },
        { 'not a name': 1 },
        { __name__: 1 },
        { '': 1 },
      ]) {
        await assert.rejects(opened.store.set(ANYTHING, 'refused', fields), TypeError);
        await assert.rejects(opened.store.create(ANYTHING, 'refused', fields), TypeError);
      }
      const expiresAt = new Date(Number.NaN);
      await assert.rejects(opened.store.set(ANYTHING, 'refused', {}, { expiresAt }), TypeError);
      assert.equal(await opened.store.get(ANYTHING, 'refused'), null);
    });

    it('refuses kinds and ids that are none, on every method', async () => {
      await using opened = await open(new ManualClock(today()));
      const { store } = opened;
      const ids = ['', 'a b', 'é', 'a%', 'a\n', 'a\\', 'x'.repeat(513)];
      const kinds = ['', 'Kind', 'kind/', 'k'.repeat(41)];
      for (const [kind, id] of [
        ...ids.map((id) => [ANYTHING, id] as const),
        ...kinds.map((name) => [recordKind<RecordFields>(name), 'id'] as const),
      ]) {
        await assert.rejects(store.create(kind, id, {}), TypeError);
        await assert.rejects(store.get(kind, id), TypeError);
        await assert.rejects(store.set(kind, id, {}), TypeError);
        await assert.rejects(store.delete(kind, id), TypeError);
      }
      await assert.rejects(listIds(store, ANYTHING, 'a b'), TypeError);
      await assert.rejects(listIds(store, recordKind('Kind'), ''), TypeError);
    });

    it('takes ids that look odd but are valid, and tells them apart', async () => {
      await using opened = await open(new ManualClock(today()));
      const ids = ['.', '..', '/', 'a/', '/a', 'a//b', ':', 'a:b', 'A', 'a', 'i'.repeat(512)];
      for (const [step, id] of ids.entries()) {
        assert.equal(await opened.store.create(SESSIONS, id, { step }), true, id);
      }
      for (const [step, id] of ids.entries()) {
        assert.equal((await opened.store.get(SESSIONS, id))?.fields.step, step, id);
      }
    });

    it('keeps the kinds apart', async () => {
      await using opened = await open(new ManualClock(today()));
      await opened.store.set(SESSIONS, 'same', { step: 1 });
      assert.equal(await opened.store.get(PEERS, 'same'), null);
      assert.equal(await opened.store.create(PEERS, 'same', { step: 2 }), true);
      assert.equal(await opened.store.delete(PEERS, 'same'), true);
      assert.equal((await opened.store.get(SESSIONS, 'same'))?.fields.step, 1);
    });

    it('is not changed by what the caller does to the values it gave or got', async () => {
      await using opened = await open(new ManualClock(today()));
      const octets = Uint8Array.of(1, 2, 3);
      await opened.store.set(ANYTHING, 'mine', { octets });
      octets.fill(9);
      const got = (await opened.store.get(ANYTHING, 'mine'))?.fields.octets;
      assert.ok(got instanceof Uint8Array);
      got.fill(8);
      const stored = (await opened.store.get(ANYTHING, 'mine'))?.fields ?? {};
      assert.deepEqual(comparable(stored), comparable({ octets: Uint8Array.of(1, 2, 3) }));
    });
  });
}

/** Adapters may give a subclass of `Uint8Array`, and the fields in any order. */
function comparable(fields: RecordFields): Map<string, FieldValue> {
  return new Map(
    Object.entries(fields)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, value]) => [name, value instanceof Uint8Array ? Uint8Array.from(value) : value]),
  );
}
