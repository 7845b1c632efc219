import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { canonicalInternetAddress, typedInternetAddress } from './internet-address.ts';

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

describe('an Internet address as somebody typed it', () => {
  for (const typed of ['Gateway.München.Example.', 'gateway.mu\u0308nchen.example']) {
    it(`“${typed}” is in ASCII, as in DNS`, () => {
      assert.equal(typedInternetAddress(typed), 'gateway.xn--mnchen-3ya.example');
    });
  }

  it('is taken as it is if it is in ASCII already', () => {
    assert.equal(typedInternetAddress('Gateway.Example'), 'gateway.example');
    assert.equal(typedInternetAddress('gateway%2e.example'), null);
    assert.equal(typedInternetAddress('0x7f.1'), null);
  });

  for (const address of [
    'münchen',
    'a b.münchen.example',
    'a_b.münchen.example',
    'xn--ü.example',
  ]) {
    it(`is not “${address}”`, () => {
      assert.equal(typedInternetAddress(address), null);
    });
  }
});
