import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NodeId } from '#awala/node-id.ts';
import { decodeArrival, encodeArrival } from './arrival-signal.ts';
import type { StoredParcel } from './mailbox.ts';
import { mailboxPrefix } from './object-keys.ts';

const OURS: NodeId = `0${'a'.repeat(64)}`;
const THEIRS: NodeId = `0${'b'.repeat(64)}`;
const BODY = Uint8Array.from({ length: 300 }, (_, index) => index % 256);
const PARCEL: StoredParcel = {
  key: `${mailboxPrefix(OURS)}${'1'.repeat(48)}`,
  generation: '1790000000000001',
  token: 'a1b2c3d4e5',
  isSettled: false,
  sizeOctets: BODY.length,
  expiresAt: new Date('2026-01-02T00:00:00Z'),
  storedAt: new Date('2026-01-01T00:00:00Z'),
};

/** What versions before index and bodies read. */
const FORMER =
  /^(?<generation>\S+) (?<size>\d{1,9}) (?<expiry>\d{1,15}) (?<stored>\d{1,15}) (?<key>\S+)$/;

describe('the signal of an arrival', () => {
  it('is read as it was written, with its body or without', () => {
    for (const token of [null, PARCEL.token]) {
      const parcel = { ...PARCEL, token };
      assert.deepEqual(decodeArrival(encodeArrival(parcel), OURS), { parcel, body: null });
      const arrival = decodeArrival(encodeArrival(parcel, BODY), OURS);
      assert.deepEqual(arrival?.parcel, parcel);
      assert.deepEqual(Uint8Array.from(arrival?.body ?? []), BODY);
    }
  });

  it('brings a parcel of any octets, as also of none', () => {
    for (const body of [new Uint8Array(), new Uint8Array(1), new Uint8Array(16_384).fill(255)]) {
      const parcel = { ...PARCEL, sizeOctets: body.length };
      const arrival = decodeArrival(encodeArrival(parcel, body), OURS);
      assert.deepEqual(Uint8Array.from(arrival?.body ?? [1]), body);
    }
  });

  it('does without a body that was damaged or cut', () => {
    const [stamp = '', ...rest] = encodeArrival(PARCEL, BODY).split(' ');
    const [generation, token, body = ''] = stamp.split('~');
    const damaged = [body.slice(0, -4), `${body.slice(0, -1)}A`, `00000000${body.slice(8)}`, ''];
    for (const each of damaged) {
      const message = [`${generation}~${token}~${each}`, ...rest].join(' ');
      assert.deepEqual(decodeArrival(message, OURS), { parcel: PARCEL, body: null });
    }
  });

  it('is read by the version before, which takes token and body for a part of the generation', () => {
    const fields = FORMER.exec(encodeArrival(PARCEL, BODY))?.groups;
    assert.equal(fields?.key, PARCEL.key);
    assert.equal(Number(fields?.size), BODY.length);
  });

  it('is read from the version before', () => {
    const parcel = { ...PARCEL, token: null };
    const { generation, sizeOctets, expiresAt, storedAt, key } = parcel;
    const message = `${generation} ${sizeOctets} ${expiresAt.getTime()} ${storedAt.getTime()} ${key}`;
    assert.deepEqual(decodeArrival(message, OURS), { parcel, body: null });
  });

  it('is no signal if it is about a parcel of others, or is something else', () => {
    assert.equal(decodeArrival(encodeArrival(PARCEL, BODY), THEIRS), null);
    for (const message of ['', ' ', 'v2', '~ 1 2 3 x', encodeArrival(PARCEL).replace(' ', '  ')]) {
      assert.equal(decodeArrival(message, OURS), null);
    }
  });
});
