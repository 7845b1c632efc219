import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MalformedMessageError } from '../errors.ts';
import { contextPrimitive, DerReader, TAG } from './reader.ts';

const readerOf = (hex: string) => new DerReader(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

function isMalformed(hex: string, action: (reader: DerReader) => unknown): void {
  assert.throws(() => action(readerOf(hex)), MalformedMessageError, hex);
}

describe('A DER reader', () => {
  it('returns views of its input', () => {
    const octets = Uint8Array.of(0x04, 2, 7, 8);
    const content = new DerReader(octets).read(TAG.octetString);

    assert.deepEqual([...content], [7, 8]);
    assert.equal(content.buffer, octets.buffer);
  });

  it('goes into elements and comes out of them', () => {
    const reader = readerOf('30 08  30 03 020105  0401ff');

    reader.enter(TAG.sequence);
    reader.enter(TAG.sequence);
    assert.equal(reader.readSmallInteger(), 5);
    assert.equal(reader.isAtEnd, true);
    reader.leave();
    assert.equal(reader.isAtEnd, false);
    assert.deepEqual([...reader.readElement(TAG.octetString)], [4, 1, 0xff]);
    reader.leave();
    reader.finish();
  });

  it('refuses another tag than the one asked for', () => {
    isMalformed('0400', (reader) => reader.read(TAG.integer));
    isMalformed('1f8100', (reader) => reader.read(0x1f));
    isMalformed('', (reader) => reader.read(TAG.integer));
  });

  it('refuses elements that are longer than what surrounds them', () => {
    isMalformed('0403ffff', (reader) => reader.read(TAG.octetString));
    isMalformed('3003 0402 ff ff', (reader) => {
      reader.enter(TAG.sequence);
      reader.read(TAG.octetString);
    });
    isMalformed('0484ffffffff', (reader) => reader.read(TAG.octetString));
  });

  it('refuses truncated lengths, and those of more than four octets', () => {
    isMalformed('04', (reader) => reader.read(TAG.octetString));
    isMalformed('0482ff', (reader) => reader.read(TAG.octetString));
    isMalformed('04850000000001ff', (reader) => reader.read(TAG.octetString));
    isMalformed('04ff', (reader) => reader.read(TAG.octetString));
  });

  it('refuses lengths that are not minimal', () => {
    isMalformed('048101ff', (reader) => reader.read(TAG.octetString));
    isMalformed(`04820080${'00'.repeat(0x80)}`, (reader) => reader.read(TAG.octetString));
    const shortest = readerOf(`048180${'00'.repeat(0x80)}`);
    assert.equal(shortest.read(TAG.octetString).length, 0x80);
  });

  it('refuses indefinite lengths unless told otherwise', () => {
    isMalformed('3080 0000', (reader) => reader.enter(TAG.sequence));
    isMalformed('0480 0000', (reader) => reader.read(TAG.octetString));
  });

  it('refuses content left over, and trailing octets', () => {
    isMalformed('3002 0500', (reader) => {
      reader.enter(TAG.sequence);
      reader.leave();
    });
    isMalformed('0500 00', (reader) => {
      reader.read(TAG.null);
      reader.finish();
    });
  });

  it('steps over elements in what it was not given, but does not read there', () => {
    const beginning = () => new DerReader(Uint8Array.of(0x30, 0x05, 0x04, 0x03, 1), 7);
    const reader = beginning();
    reader.enter(TAG.sequence);
    assert.deepEqual(reader.locate(TAG.octetString), { start: 4, end: 7 });
    reader.leave();
    reader.finish();

    assert.throws(() => {
      const other = beginning();
      other.enter(TAG.sequence);
      other.readVisibleText(TAG.octetString, 10);
    }, MalformedMessageError);
  });
});

describe('A BER element of indefinite length', () => {
  it('ends with two zeros', () => {
    const reader = readerOf('3080 3080 0500 0000 020107 0000');

    reader.enterBer(TAG.sequence);
    reader.enterBer(TAG.sequence);
    reader.read(TAG.null);
    reader.leave();
    assert.equal(reader.readSmallInteger(), 7);
    assert.equal(reader.isAtEnd, true);
    reader.leave();
    reader.finish();
  });

  it('may stand inside one with a length, which it must not exceed', () => {
    const reader = readerOf('3004 3080 0000');
    reader.enterBer(TAG.sequence);
    reader.enterBer(TAG.sequence);
    reader.leave();
    reader.leave();
    reader.finish();

    isMalformed('3002 3080 0000', (short) => {
      short.enterBer(TAG.sequence);
      short.enterBer(TAG.sequence);
      short.leave();
    });
  });

  it('is refused without its end', () => {
    for (const hex of ['3080', '3080 00', '3080 0001']) {
      isMalformed(hex, (reader) => {
        reader.enterBer(TAG.sequence);
        reader.leave();
      });
    }
  });
});

describe('An integer', () => {
  it('is read up to 2^31 - 1', () => {
    const values = { '020100': 0, '02017f': 127, '02020080': 128, '02047fffffff': 2 ** 31 - 1 };
    for (const [hex, value] of Object.entries(values)) {
      assert.equal(readerOf(hex).readSmallInteger(), value);
    }
  });

  it('is refused if negative, larger, empty or not minimal', () => {
    for (const hex of ['0201ff', '02050080000000', '0200', '0202007f', '02020000']) {
      isMalformed(hex, (reader) => reader.readSmallInteger());
    }
  });
});

describe('Other primitive values', () => {
  it('are booleans of all bits or none', () => {
    assert.equal(readerOf('0101ff').readBoolean(), true);
    assert.equal(readerOf('010100').readBoolean(), false);
    for (const hex of ['010101', '0100', '0102ffff']) {
      isMalformed(hex, (reader) => reader.readBoolean());
    }
  });

  it('are printable ASCII texts of limited length', () => {
    const read = (reader: DerReader) => reader.readVisibleText(contextPrimitive(0), 3);

    assert.equal(read(readerOf('8003 41207e')), 'A ~');
    for (const hex of ['8004 41424344', '8001 1f', '8001 7f', '8002 c3a9']) {
      isMalformed(hex, read);
    }
  });

  it('are bit strings of whole octets', () => {
    assert.deepEqual([...readerOf('0302 00ab').readBitString()], [0xab]);
    isMalformed('0302 04a0', (reader) => reader.readBitString());
    isMalformed('0300', (reader) => reader.readBitString());
  });
});
