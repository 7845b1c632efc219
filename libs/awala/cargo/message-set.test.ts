import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assertRefusesDamage } from '#test/builders/malformed.ts';
import { encodeDer } from '../der/writer.ts';
import { MalformedMessageError } from '../errors.ts';
import {
  CargoBatch,
  MAX_MESSAGE_IN_SET_OCTETS,
  MAX_MESSAGE_SET_OCTETS,
  MAX_MESSAGES_IN_BATCH,
  MAX_MESSAGES_IN_SET,
  messageSetDer,
  readMessageSet,
  typeOfCargoMessage,
} from './message-set.ts';

const soon = new Date('2026-01-01T00:00:00Z');
const later = new Date('2026-01-02T00:00:00Z');

function setOf(count: number): Uint8Array {
  return encodeDer(messageSetDer(Array.from({ length: count }, () => Buffer.of(1))));
}

describe('cargo message set', () => {
  it('may be empty', () => {
    assert.deepEqual([...readMessageSet(setOf(0))], []);
  });

  it('gives its messages in order and in place', () => {
    const plaintext = encodeDer(
      messageSetDer([Buffer.from('one'), Buffer.of(), Buffer.from('two')]),
    );
    const messages = [...readMessageSet(plaintext)];
    assert.deepEqual(
      messages.map((each) => Buffer.from(each).toString()),
      ['one', '', 'two'],
    );
    assert.ok(messages.every(({ buffer }) => buffer === plaintext.buffer));
  });

  it('holds as many messages as it may, and not one more', () => {
    assert.equal([...readMessageSet(setOf(MAX_MESSAGES_IN_SET))].length, MAX_MESSAGES_IN_SET);
    assert.throws(() => [...readMessageSet(setOf(MAX_MESSAGES_IN_SET + 1))], MalformedMessageError);
  });

  it('is refused when damaged', () => {
    const set = encodeDer(messageSetDer([Buffer.from('one'), Buffer.from('two')]));
    assertRefusesDamage(set, (damaged) => [...readMessageSet(damaged)]);
  });

  it('gives the messages in front of what is wrong', () => {
    const plaintext = encodeDer(messageSetDer([Buffer.from('one'), Buffer.from('two')]));
    plaintext[7] = 0x05;
    const messages = readMessageSet(plaintext);
    assert.deepEqual(messages.next().value, Uint8Array.from(Buffer.from('one')));
    assert.throws(() => messages.next(), MalformedMessageError);
  });
});

describe('the type of a message in a cargo', () => {
  for (const [octets, type] of [
    ['Awala\x50\x00', 'parcel'],
    ['Awala\x51\x00', 'pca'],
    ['Awala\x10\x00', 'certificate-rotation'],
    ['Awala\x43\x00', 'unknown'],
    ['Awala\x50\x01', 'unknown'],
    ['Awala\x50', 'unknown'],
    ['awala\x50\x00', 'unknown'],
    ['', 'unknown'],
  ] as const) {
    it(`is ${type} for ${JSON.stringify(octets)}`, () => {
      assert.equal(typeOfCargoMessage(Buffer.from(octets, 'latin1')), type);
    });
  }
});

describe('cargo batch', () => {
  it('never grows over what a cargo takes', () => {
    const batch = new CargoBatch();
    const message = new Uint8Array(65_536);
    while (batch.add(message, soon)) {}
    const plaintextOctets = messageSetDer(batch.messages).octets;
    assert.equal(batch.messages.length, 126);
    assert.ok(plaintextOctets <= batch.octets && batch.octets <= MAX_MESSAGE_SET_OCTETS);
  });

  it('takes the largest message alone, and none larger', () => {
    const batch = new CargoBatch();
    assert.ok(batch.add(new Uint8Array(MAX_MESSAGE_IN_SET_OCTETS), soon));
    assert.ok(!batch.add(Buffer.of(), soon));
    assert.equal(messageSetDer(batch.messages).octets, MAX_MESSAGE_SET_OCTETS);
    assert.throws(
      () => new CargoBatch().add(new Uint8Array(MAX_MESSAGE_IN_SET_OCTETS + 1), soon),
      RangeError,
    );
  });

  it('takes one message even if it is told to stay smaller', () => {
    const batch = new CargoBatch(100);
    assert.ok(batch.add(new Uint8Array(1_000), soon));
    assert.ok(!batch.add(Buffer.of(1), soon));
  });

  it('expires with the last of its messages', () => {
    const batch = new CargoBatch();
    for (const expiresAt of [soon, later, soon]) {
      batch.add(Buffer.of(1), expiresAt);
    }
    assert.deepEqual(batch.expiresAt, later);
  });

  it('takes no more messages than every peer reads', () => {
    const batch = new CargoBatch();
    while (batch.add(Buffer.of(1), soon)) {}
    assert.equal(batch.messages.length, MAX_MESSAGES_IN_BATCH);
  });
});
