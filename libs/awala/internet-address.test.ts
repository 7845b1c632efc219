import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { canonicalInternetAddress } from './internet-address.ts';

/** Of 63 characters. */
const LABEL = 'a'.repeat(63);
/** Of 253 characters. */
const LONGEST = [LABEL, LABEL, LABEL, 'a'.repeat(61)].join('.');

describe('an Internet address', () => {
  it('is compared in lower case and without a trailing dot', () => {
    assert.equal(canonicalInternetAddress('Gateway.Example.'), 'gateway.example');
  });

  it('may have 253 characters, and not one more', () => {
    assert.equal(canonicalInternetAddress(LONGEST), LONGEST);
    assert.equal(canonicalInternetAddress(`${LONGEST}a`), null);
  });

  for (const address of [
    '',
    'localhost',
    'a..b',
    'a b.example',
    '-a.example',
    'a_b.example',
    '127.0.0.1',
    `a${LABEL}.b`,
  ]) {
    it(`is not “${address.slice(0, 20)}”`, () => {
      assert.equal(canonicalInternetAddress(address), null);
    });
  }
});
