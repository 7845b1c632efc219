import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { countersignatureHeader, parseCountersignature } from './countersignature.ts';

describe('the countersignature in an Authorization header', () => {
  const signature = Buffer.from('signature');

  for (const header of [
    'Relaynet-Countersignature c2lnbmF0dXJl',
    'Awala-Countersignature c2lnbmF0dXJl',
    'awala-countersignature c2lnbmF0dXJl',
    'Awala-Countersignature   c2lnbmF0dXJl ',
  ]) {
    it(`is read from ${JSON.stringify(header)}`, () => {
      assert.deepEqual(parseCountersignature(header), signature);
    });
  }

  for (const header of [
    undefined,
    '',
    'c2lnbmF0dXJl',
    'Awala-Countersignature',
    'Awala-Countersignature ',
    'Bearer c2lnbmF0dXJl',
    'Awala-CCA c2lnbmF0dXJl',
    'Awala-Countersignature c2lnbmF0dXJ',
    'Awala-Countersignature c2lnbmF0d*Jl',
    'Awala-Countersignature c2lnbmF0dXJl c2lnbmF0dXJl',
    'Awala-Countersignature c2lnbmF0dXJl, Awala-Countersignature c2lnbmF0dXJl',
    'Awala-Countersignature\tc2lnbmF0dXJl',
  ]) {
    it(`is missing from ${JSON.stringify(header)}`, () => {
      assert.equal(parseCountersignature(header), null);
    });
  }

  it('is written as it is read', () => {
    assert.deepEqual(parseCountersignature(countersignatureHeader(signature)), signature);
  });

  it('is refused quickly, however long the header', () => {
    assert.equal(parseCountersignature(`Awala-Countersignature ${'a'.repeat(1_000_000)}*`), null);
    assert.equal(parseCountersignature(`${'a'.repeat(1_000_000)} `), null);
    assert.equal(parseCountersignature(`Awala-Countersignature${' '.repeat(1_000_000)}`), null);
  });
});
