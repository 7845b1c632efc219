import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { crc32c, crc32cBase64 } from './crc32c.ts';

describe('CRC32C', () => {
  it('agrees with the examples of RFC 3720, B.4', () => {
    const ascending = Uint8Array.from({ length: 32 }, (_, index) => index);
    assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
    assert.equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
    assert.equal(crc32c(ascending), 0x46dd794e);
    assert.equal(crc32c(ascending.toReversed()), 0x113fdb5c);
    assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283);
  });

  it('takes every length and alignment as one bit after the other does', () => {
    const octets = Uint8Array.from({ length: 70 }, (_, index) => index * 37 + 200);
    for (let start = 0; start < 4; start++) {
      for (let end = start; end <= octets.length; end++) {
        const data = octets.subarray(start, end);
        assert.equal(crc32c(data), bitByBit(data));
      }
    }
  });

  it('is written in base64 as Cloud Storage does', () => {
    assert.equal(crc32cBase64(Buffer.from('hello')), 'mnG7TA==');
  });
});

function bitByBit(data: Uint8Array): number {
  let crc = -1;
  for (const octet of data) {
    crc ^= octet;
    for (let bit = 0; bit < 8; bit++) {
      crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    }
  }
  return ~crc >>> 0;
}
