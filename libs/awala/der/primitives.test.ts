import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MalformedMessageError } from '../errors.ts';
import { readBits } from './primitives.ts';
import { DerReader } from './reader.ts';

describe('a bit string', () => {
  for (const [what, hex] of [
    ['is empty', '030100'],
    ['has no unused bits', '030200ff'],
    ['has unused bits that are zero', '03020180'],
    ['has seven of them', '03020780'],
  ] as const) {
    it(`that ${what} is read`, () => {
      const octets = Buffer.from(hex, 'hex');
      assert.deepEqual(readBits(new DerReader(octets)), octets.subarray(2));
    });
  }

  for (const [what, hex] of [
    ['does not say how many bits are unused', '0300'],
    ['has unused bits of no octet', '030101'],
    ['has an unused bit that is set', '03020181'],
    ['has more unused bits than an octet has', '03020800'],
  ] as const) {
    it(`that ${what} is malformed`, () => {
      const reader = new DerReader(Buffer.from(hex, 'hex'));
      assert.throws(() => readBits(reader), MalformedMessageError);
    });
  }
});
