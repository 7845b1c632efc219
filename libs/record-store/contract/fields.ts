import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { type FieldValue, type RecordFields, recordKind } from '../port.ts';
import { listIds, type OpenRecordStore, PEERS, SESSIONS, testsOverStore } from './opened-store.ts';

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
  const test = testsOverStore(open);
  describe('fields', () => {
    test('gives back every type of value as it was', async ({ store }) => {
      const fields = Object.fromEntries(STORABLE.map((value, index) => [`field${index}`, value]));
      await store.set(ANYTHING, 'all', fields);
      const stored = await store.get(ANYTHING, 'all');
      assert.deepEqual(comparable(stored?.fields ?? {}), comparable(fields));
      assert.equal(stored?.id, 'all');
      assert.equal(stored?.expiresAt, null);
      const [listed] = await Array.fromAsync(store.list(ANYTHING, ''));
      assert.deepEqual(comparable(listed?.fields ?? {}), comparable(fields));
    });

    test('holds a record without fields, and one as large as is allowed', async ({ store }) => {
      await store.set(ANYTHING, 'empty', {});
      assert.deepEqual((await store.get(ANYTHING, 'empty'))?.fields, {});
      const octets = new Uint8Array(64 * 1_024 - 4).fill(7);
      await store.set(ANYTHING, 'large', { data: octets });
      const stored = (await store.get(ANYTHING, 'large'))?.fields.data;
      assert.ok(stored instanceof Uint8Array);
      assert.equal(Buffer.compare(stored, octets), 0);
    });

    test('refuses what not every backing service can store, as the fault of the caller', async ({
      store,
    }) => {
      for (const fields of [
        { data: new Uint8Array(64 * 1_024 - 3) },
        { value: Number.NaN },
        { value: Number.POSITIVE_INFINITY },
        { at: new Date(Number.NaN) },
        { 'not a name': 1 },
        { __name__: 1 },
        { '': 1 },
      ]) {
        await assert.rejects(store.set(ANYTHING, 'refused', fields), TypeError);
        await assert.rejects(store.create(ANYTHING, 'refused', fields), TypeError);
      }
      const expiresAt = new Date(Number.NaN);
      await assert.rejects(store.set(ANYTHING, 'refused', {}, { expiresAt }), TypeError);
      assert.equal(await store.get(ANYTHING, 'refused'), null);
    });

    test('refuses kinds and ids that are none, on every method', async ({ store }) => {
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

    test('takes ids that look odd but are valid, and tells them apart', async ({ store }) => {
      const ids = ['.', '..', '/', 'a/', '/a', 'a//b', ':', 'a:b', 'A', 'a', 'i'.repeat(512)];
      for (const [step, id] of ids.entries()) {
        assert.equal(await store.create(SESSIONS, id, { step }), true, id);
      }
      for (const [step, id] of ids.entries()) {
        assert.equal((await store.get(SESSIONS, id))?.fields.step, step, id);
      }
    });

    test('keeps the kinds apart', async ({ store }) => {
      await store.set(SESSIONS, 'same', { step: 1 });
      assert.equal(await store.get(PEERS, 'same'), null);
      assert.equal(await store.create(PEERS, 'same', { step: 2 }), true);
      assert.equal(await store.delete(PEERS, 'same'), true);
      assert.equal((await store.get(SESSIONS, 'same'))?.fields.step, 1);
    });

    test('is not changed by what the caller does to the values it gave or got', async ({
      store,
    }) => {
      const octets = Uint8Array.of(1, 2, 3);
      await store.set(ANYTHING, 'mine', { octets });
      octets.fill(9);
      const got = (await store.get(ANYTHING, 'mine'))?.fields.octets;
      assert.ok(got instanceof Uint8Array);
      got.fill(8);
      const stored = (await store.get(ANYTHING, 'mine'))?.fields ?? {};
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
