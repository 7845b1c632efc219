import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Pieces } from './pieces.ts';

describe('What comes in pieces', () => {
  for (const octets of [1, 7, 1_000, 1_024, 70_000]) {
    it(`of ${octets} is what was sent, in few pieces`, () => {
      const whole = Buffer.from(Array.from({ length: 1_000_000 }, (_, index) => index * 7));
      const pieces = new Pieces();
      for (let start = 0; start < whole.length; start += octets) {
        pieces.add(whole.subarray(start, start + octets));
      }
      assert.equal(pieces.octets, whole.length);
      assert.ok(pieces.count <= 64 + whole.length / 1_000, `${pieces.count} pieces`);
      assert.ok(pieces.joined().equals(whole));
      pieces.clear();
      assert.deepEqual([pieces.octets, pieces.count], [0, 0]);
    });
  }
});
