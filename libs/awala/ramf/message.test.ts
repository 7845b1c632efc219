import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { fieldsOf, type MessageTemplate } from '#test/builders/crafted-messages.ts';
import { ParcelRoad } from '#test/builders/parcel-road.ts';
import { contextPrimitive } from '../der/reader.ts';
import { concatenated, encodeDer, sequence, tagged } from '../der/writer.ts';
import { MalformedMessageError } from '../errors.ts';
import { MAX_MESSAGE_OCTETS, MAX_PARCEL_OCTETS, MAX_TTL_SECONDS } from '../limits.ts';
import { Certificate } from '../x509/certificate.ts';
import { type MessageType, parseMessage } from './message.ts';

let road: ParcelRoad;

before(async () => {
  road = await ParcelRoad.at(new Date('2026-03-01T12:00:00Z'));
});

function parse(octets: Uint8Array, type: MessageType = 'parcel') {
  return parseMessage(octets, type, (der) => Certificate.parse(der));
}

/** A parcel with that content instead of fields, or with those fields. */
function parcel(template: Partial<MessageTemplate>): Uint8Array {
  return road.parcel(template);
}

function isMalformed(octets: Uint8Array, message: RegExp): void {
  assert.throws(() => parse(octets), { code: 'malformed', message });
}

describe('A message', () => {
  it('has the fields that its sender gave it', () => {
    const octets = parcel({
      id: 'the id',
      ttlSeconds: 60,
      internetAddress: 'Example.COM',
      payload: Buffer.from('the payload'),
    });
    const message = parse(octets);

    assert.equal(message.type, 'parcel');
    assert.deepEqual(message.recipient, {
      id: road.recipient.nodeId,
      internetAddress: 'example.com',
    });
    assert.equal(message.id, 'the id');
    assert.deepEqual(message.createdAt, road.now);
    assert.equal(message.ttlSeconds, 60);
    assert.deepEqual(message.expiresAt, road.secondsFromNow(60));
    assert.equal(Buffer.from(message.payload).toString(), 'the payload');
    assert.equal(message.sender.nodeId, road.sender.nodeId);
    assert.equal(message.attachedCertificates.length, 3);
    assert.equal(message.octets, octets);
  });

  it('has its payload in place, unless that lies in several segments', () => {
    const payload = Buffer.from('0123456789'.repeat(1000));
    const inOne = parse(parcel({ payload }));
    const inMany = parse(parcel({ payload, segmentOctets: 1000 }));

    assert.equal(inOne.payload.buffer, inOne.octets.buffer);
    assert.deepEqual(Buffer.from(inMany.payload), payload);
    assert.equal(inMany.payload, inMany.payload);
  });

  it('may have an empty payload, and no time to live', () => {
    const message = parse(parcel({ payload: new Uint8Array(), ttlSeconds: 0 }));

    assert.equal(message.payload.length, 0);
    assert.deepEqual(message.expiresAt, message.createdAt);
  });

  it('has the longest fields allowed even if each octet is a segment of its own', () => {
    const id = 'i'.repeat(64);
    const recipient = `0${'f'.repeat(1023)}`;
    const internetAddress = `${'a.'.repeat(125)}aaa`;
    const message = parse(parcel({ id, recipient, internetAddress, segmentOctets: 1 }));

    assert.deepEqual([message.id, message.recipient], [id, { id: recipient, internetAddress }]);
  });

  it('is read as the type that it is', () => {
    for (const [type, typeOctet] of [
      ['cargo', 0x43],
      ['cca', 0x44],
    ] as const) {
      assert.equal(parse(parcel({ typeOctet }), type).type, type);
      isMalformed(parcel({ typeOctet }), /not a parcel/);
    }
  });
});

describe('A malformed message', () => {
  it('does not begin as one', () => {
    isMalformed(new Uint8Array(), /does not begin/);
    isMalformed(Buffer.from('Awal'), /does not begin/);
    isMalformed(Buffer.from('awala\x50\0'), /does not begin/);
    isMalformed(Buffer.from('Awala'), /not a parcel/);
    isMalformed(Buffer.from('Awala\x50'), /unknown version/);
    isMalformed(Buffer.from('Awala\x50\0'), /missing or truncated/);
  });

  it('is of an unknown version', () => {
    isMalformed(parcel({ versionOctet: 1 }), /unknown version/);
  });

  it('is longer than its type allows', () => {
    isMalformed(new Uint8Array(MAX_PARCEL_OCTETS + 1), /more than 8322038 octets/);
    assert.throws(() => parse(new Uint8Array(MAX_MESSAGE_OCTETS + 1), 'cargo'), {
      message: /more than 9437184 octets/,
    });
  });

  it('has an id that is empty, too long or not printable', () => {
    isMalformed(parcel({ id: '' }), /id is empty/);
    isMalformed(parcel({ id: 'i'.repeat(65) }), /longer than 64/);
    isMalformed(parcel({ id: 'a\nb' }), /printable/);
    isMalformed(parcel({ id: 'é' }), /printable/);
  });

  it('has a recipient that is no node', () => {
    for (const recipient of ['', '0', 'f00', '0xyz', '0ABC', '0ab ', '0'.repeat(1025)]) {
      assert.throws(() => parse(parcel({ recipient })), MalformedMessageError, recipient);
    }
  });

  it('has an Internet address that is no domain name', () => {
    for (const internetAddress of [
      '',
      'localhost',
      '.com',
      'a..com',
      'a_b.com',
      '-a.com',
      'a-.com',
      'example.com..',
      'example.com:80',
      '127.0.0.1',
      `${'a'.repeat(64)}.com`,
      `${'a.'.repeat(126)}com`,
    ]) {
      isMalformed(parcel({ internetAddress }), /no domain name/);
    }
  });

  it('has a time to live that is too long', () => {
    parse(parcel({ ttlSeconds: MAX_TTL_SECONDS }));
    isMalformed(parcel({ ttlSeconds: MAX_TTL_SECONDS + 1 }), /longer than 15552000/);
    isMalformed(parcel({ ttlSeconds: 2 ** 40 }), /too large/);
  });

  it('has no content, or content that is not a message', () => {
    isMalformed(parcel({ content: new Uint8Array() }), /missing or truncated/);
    isMalformed(parcel({ content: Buffer.from('3000', 'hex') }), /missing or truncated/);
  });

  it('has a field too many, or one too few', () => {
    const fields = encodeDer(
      fieldsOf({ sender: road.sender, recipient: road.recipient.nodeId, createdAt: road.now }),
    );
    const body = fields.subarray(3);
    const more = tagged(contextPrimitive(5), Buffer.from('more'));
    parse(parcel({ content: encodeDer(sequence(body)) }));

    isMalformed(parcel({ content: encodeDer(sequence(body, more)) }), /more content/);
    isMalformed(parcel({ content: encodeDer(concatenated(fields, more)) }), /Trailing octets/);
    isMalformed(parcel({ content: encodeDer(sequence(body.subarray(0, -9))) }), /missing/);
  });

  it('has lengths in its content that are indefinite or not minimal', () => {
    const content = (header: number[]) => {
      const fields = encodeDer(
        fieldsOf({ sender: road.sender, recipient: road.recipient.nodeId, createdAt: road.now }),
      );
      return new Uint8Array([0x30, ...header, ...fields.subarray(3), 0, 0]);
    };
    isMalformed(parcel({ content: content([0x80]) }), /Indefinite length/);
    isMalformed(parcel({ content: content([0x82, 0, 0xa0]) }), /not minimal/);
  });
});
