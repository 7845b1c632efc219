import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseCredentials } from './credentials.ts';

const SCHEMES = ['Awala-CCA'];

describe('credentials', () => {
  it('have a scheme in any case, spaces, and base64', () => {
    const octets = parseCredentials('awala-cca  AAEC', SCHEMES);
    assert.deepEqual(octets, Buffer.of(0, 1, 2));
  });

  for (const value of [
    undefined,
    '',
    'Awala-CCA',
    'Other AAEC',
    'Awala-CCA AAE',
    'Awala-CCA A*==',
    'Awala-CCA AA\tAEC',
    'Awala-CCA AA E',
    'Awala-CCA AA-_',
    'Awala-CCA AAE=C',
  ]) {
    it(`are not “${value}”`, () => {
      assert.equal(parseCredentials(value, SCHEMES), null);
    });
  }
});
