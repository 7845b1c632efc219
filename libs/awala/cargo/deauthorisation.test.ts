import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { assertRefusesDamage } from '#test/builders/malformed.ts';
import { TAG } from '../der/reader.ts';
import {
  concatenated,
  constructed,
  dateTime,
  encodeDer,
  implicit,
  sequence,
  tagged,
  visibleText,
} from '../der/writer.ts';
import { MalformedMessageError, MessageFault } from '../errors.ts';
import { MAX_DEAUTHORISATION_OCTETS, MAX_DEAUTHORISED_SERIALS } from '../limits.ts';
import {
  parseDeauthorisation,
  serialiseDeauthorisation,
  serialNumberText,
} from './deauthorisation.ts';

const FORMAT = Buffer.from('Awala\x52\x00', 'latin1');
const endpoint = `0${'a'.repeat(64)}`;
const expiresAt = new Date('2026-08-01T00:00:00Z');
const createdAt = new Date('2026-03-01T12:00:00Z');
const serial = (...octets: number[]) => Uint8Array.from(octets);

function written(serialNumbers: readonly Uint8Array[], recipient = endpoint): Uint8Array {
  return serialiseDeauthorisation({ recipient, serialNumbers, expiresAt, createdAt });
}

describe('a parcel delivery deauthorisation', () => {
  it('comes back as it was written', () => {
    const expected = { recipient: endpoint, expiresAt, createdAt };
    const read = parseDeauthorisation(written([serial(0x7f, 2), serial(0, 0x80)]));
    assert.deepEqual(read, { ...expected, serialNumbers: ['0080', '7f02'] });
    const all = parseDeauthorisation(written([]));
    assert.deepEqual(all, { ...expected, serialNumbers: [] });
  });

  it('is refused when damaged', () => {
    assertRefusesDamage(written([serial(1), serial(2, 3)]), parseDeauthorisation, FORMAT.length);
  });

  it('is refused unless it names a node, and a few serial numbers at most', () => {
    const many = Array.from({ length: MAX_DEAUTHORISED_SERIALS }, () => serial(1));
    parseDeauthorisation(written(many));
    const bad = [
      written([...many, serial(1)]),
      written([], 'a'),
      written([], endpoint.toUpperCase()),
      written([serial()]),
      written([new Uint8Array(MAX_DEAUTHORISATION_OCTETS).fill(1)]),
    ];
    for (const octets of bad) {
      assert.throws(() => parseDeauthorisation(octets), MalformedMessageError);
    }
  });

  it('may list serial numbers in any order, and more than once', () => {
    const numbers = [5, 3, 5].map((number) => tagged(TAG.integer, serial(number)));
    const fields = sequence(
      implicit(0, visibleText(endpoint)),
      constructed(1, ...numbers),
      implicit(2, dateTime(expiresAt)),
      implicit(3, dateTime(createdAt)),
    );
    const { serialNumbers } = parseDeauthorisation(encodeDer(concatenated(FORMAT, fields)));
    assert.deepEqual(serialNumbers, ['05', '03', '05']);
  });

  it('may be anything: it is read, or malformed', () => {
    const good = written([serial(1), serial(2)]);
    const spoilt = fc
      .array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 4 })
      .map((changes) => {
        const octets = Uint8Array.from(good);
        for (const [at, octet] of changes) {
          octets[at] = octet;
        }
        return octets;
      });
    const any = fc.uint8Array({ maxLength: 200 }).map((octets) => Buffer.concat([FORMAT, octets]));
    fc.assert(
      fc.property(fc.oneof(spoilt, any), (octets) => {
        try {
          parseDeauthorisation(octets);
        } catch (error) {
          assert.ok(error instanceof MessageFault);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('the text of a serial number', () => {
  it('is the same for the same number only, with a leading zero too many or without', () => {
    assert.equal(serialNumberText(serial(0, 0x7f)), serialNumberText(serial(0x7f)));
    assert.equal(serialNumberText(serial(0)), '00');
    assert.equal(serialNumberText(serial(0, 0)), '00');
    assert.notEqual(serialNumberText(serial(0, 0x80)), serialNumberText(serial(0x80)));
  });
});
