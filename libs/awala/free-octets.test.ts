import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { freeOctets } from './free-octets.ts';

describe('freeOctets', () => {
  it('empties an array that has its memory alone', () => {
    const octets = new Uint8Array(1_024);
    freeOctets(octets);
    assert.equal(octets.length, 0);
    freeOctets(octets);
  });

  it('empties what a cipher left without its padding', () => {
    const padded = new Uint8Array(1_024);
    freeOctets(padded.subarray(0, 1_008));
    assert.equal(padded.length, 0);
  });

  it('leaves a view of a part of other memory as it is', () => {
    const whole = new Uint8Array(1_024).fill(1);
    freeOctets(whole.subarray(0, 512));
    assert.equal(whole.length, 1_024);
    assert.equal(whole[0], 1);
  });
});
