import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DerReader, TAG } from './reader.ts';
import {
  concatenated,
  constructed,
  DerRegion,
  dateTime,
  encodeDer,
  implicit,
  integer,
  octetString,
  piecesOf,
  sequence,
  visibleText,
} from './writer.ts';

describe('DER writer', () => {
  for (const [length, header] of [
    [0, '0400'],
    [0x7f, '047f'],
    [0x80, '048180'],
    [0xff, '0481ff'],
    [0x100, '04820100'],
    [0xffff, '0482ffff'],
    [0x10000, '0483010000'],
    [9_437_184, '0483900000'],
  ] as const) {
    it(`writes a length of ${length} in as few octets as it takes`, () => {
      const der = encodeDer(octetString(new Uint8Array(length)));
      assert.equal(Buffer.from(der.subarray(0, header.length / 2)).toString('hex'), header);
      assert.equal(der.length, header.length / 2 + length);
    });
  }

  for (const [value, hex] of [
    [0, '020100'],
    [127, '02017f'],
    [128, '02020080'],
    [255, '020200ff'],
    [256, '02020100'],
    [15_552_000, '020400ed4e00'],
    [Number.MAX_SAFE_INTEGER, '02071fffffffffffff'],
  ] as const) {
    it(`writes the integer ${value} in as few octets as it takes`, () => {
      assert.equal(Buffer.from(encodeDer(integer(value))).toString('hex'), hex);
    });
  }

  it('refuses integers that it cannot write', () => {
    for (const value of [-1, 0.5, Number.NaN, Number.MAX_SAFE_INTEGER + 1]) {
      assert.throws(() => integer(value), RangeError);
    }
  });

  it('writes dates in UTC, without milliseconds', () => {
    const octets = dateTime(new Date('2026-02-03T04:05:06.789Z'));
    assert.equal(Buffer.from(octets).toString(), '20260203040506');
  });

  it('refuses text that is not printable ASCII', () => {
    for (const text of ['é', '\n', '\x7f', '\u2028']) {
      assert.throws(() => visibleText(text), RangeError);
    }
    assert.equal(Buffer.from(visibleText(' ~')).toString(), ' ~');
  });

  it('writes what the reader reads', () => {
    const property = fc.property(fc.array(fc.uint8Array()), (contents) => {
      const items = contents.map((content) => octetString(content));
      const reader = new DerReader(encodeDer(sequence(constructed(3, ...items))));
      const read: Uint8Array[] = [];
      reader.enter(TAG.sequence);
      reader.enter(0xa3);
      while (!reader.isAtEnd) {
        read.push(reader.read(TAG.octetString));
      }
      reader.leave();
      reader.leave();
      reader.finish();
      assert.deepEqual(read, contents);
    });
    fc.assert(property);
  });

  it('gives the octets in pieces without copying them', () => {
    const large = new Uint8Array(1_000);
    const value = sequence(implicit(0, Buffer.of(1)), concatenated(implicit(1, large)));
    const pieces = piecesOf(value);
    assert.ok(pieces.includes(large));
    assert.deepEqual(Buffer.concat(pieces), Buffer.from(encodeDer(value)));
  });
});

describe('a region', () => {
  it('is where its content was written', () => {
    const region = new DerRegion(octetString(Buffer.of(7)));
    const der = encodeDer(sequence(integer(1), region));
    assert.deepEqual(region.written, Uint8Array.of(0x04, 1, 7));
    assert.equal(region.written.buffer, der.buffer);
  });

  it('is filled after everything around it was written', () => {
    const region = new DerRegion(2);
    const der = encodeDer(sequence(octetString(region), integer(5)));
    region.written.set([8, 9]);
    assert.equal(Buffer.from(der).toString('hex'), '300704020809020105');
  });

  it('has no place before it is written', () => {
    assert.throws(() => new DerRegion(2).written, TypeError);
  });
});
