/** Messages that RS-001 calls malformed, each in one way. */
import assert from 'node:assert/strict';
import { encodeDer } from '#awala/der/writer.ts';
import { MAX_TTL_SECONDS } from '#awala/limits.ts';
import {
  craftSignedData,
  fieldsOf,
  type MessageTemplate,
} from '#test/builders/crafted-messages.ts';
import type { Peer } from '#test/builders/peers.ts';

/** A valid message. */
export interface Message {
  readonly typeOctet: number;
  readonly sender: Peer;
  /** Node id. */
  readonly recipient: string;
  readonly createdAt: Date;
  /** Makes the message, changed by a template. */
  readonly craft: (template: Partial<MessageTemplate>) => Uint8Array;
}

const PREFIX_OCTETS = 7;
const PARCEL_OCTET = 0x50;
const CARGO_OCTET = 0x43;

/** @returns the octets, by what is wrong with them */
export function malformedMessages(message: Message): Record<string, Uint8Array> {
  const { craft } = message;
  const valid = craft({});
  return {
    'is empty': new Uint8Array(),
    'ends after its format signature': valid.subarray(0, PREFIX_OCTETS),
    'is cut in half': valid.subarray(0, valid.length / 2),
    'lacks its last octet': valid.subarray(0, -1),
    'has an octet too many': Buffer.concat([valid, Buffer.of(0)]),
    'is followed by itself': Buffer.concat([valid, valid]),
    'does not begin with “Awala”': withOctet(valid, 0, 0x61),
    'has the type octet of another kind of message': craft({
      typeOctet: message.typeOctet === PARCEL_OCTET ? CARGO_OCTET : PARCEL_OCTET,
    }),
    'has a type octet of nothing': craft({ typeOctet: 0x00 }),
    'is of version 1': craft({ versionOctet: 1 }),
    ...wronglyEncoded(message, valid),
    ...wronglySigned(message),
    ...wrongFields(message),
  };
}

function wronglyEncoded(message: Message, valid: Uint8Array): Record<string, Uint8Array> {
  const { craft } = message;
  const fields = longFields(message);
  const prefix = valid.subarray(0, PREFIX_OCTETS);
  return {
    'has a length that is not minimal': Buffer.concat([
      prefix,
      withLongerLength(valid.subarray(PREFIX_OCTETS)),
    ]),
    'has fields whose length is not minimal': craft({ content: withLongerLength(fields) }),
    'has fields of indefinite length': craft({ content: withoutLength(fields) }),
    'has a certificate of indefinite length': withCertificateWithoutLength(valid, message.sender),
    'has a length that goes beyond its end': withOctet(valid, PREFIX_OCTETS + 2, 0xff),
    'is nested to 10 000 levels': Buffer.concat([prefix, nested(10_000)]),
  };
}

/** Fields whose length takes two octets. */
function longFields({ sender, recipient, createdAt }: Message): Uint8Array {
  return encodeDer(fieldsOf({ sender, recipient, createdAt, payload: new Uint8Array(500) }));
}

function wronglySigned({ craft, sender, typeOctet }: Message): Record<string, Uint8Array> {
  const certificates = [sender.certificate, ...sender.issuers];
  const detached = craftSignedData({ content: null, signers: [sender], certificates });
  const prefix = Buffer.from([...Buffer.from('Awala'), typeOctet, 0]);
  return {
    'has two signers': craft({ signers: [sender, sender] }),
    'has no signer': craft({ signers: [] }),
    'lacks the certificate of its signer': craft({ certificates: sender.issuers }),
    'has no certificates': craft({ certificates: [] }),
    'has no content': Buffer.concat([prefix, detached]),
  };
}

function wrongFields({ craft, recipient }: Message): Record<string, Uint8Array> {
  return {
    'lives for over 180 days': craft({ ttlSeconds: MAX_TTL_SECONDS + 1 }),
    'has an id of 65 characters': craft({ id: 'x'.repeat(65) }),
    'has no id': craft({ id: '' }),
    'has a recipient that is no node id': craft({ recipient: 'someone' }),
    'has a recipient id in capitals': craft({ recipient: recipient.toUpperCase() }),
    'has an Internet address that is no domain name': craft({ internetAddress: 'a b' }),
    'has content that is no message': craft({ content: Buffer.from('hello') }),
  };
}

export function withOctet(octets: Uint8Array, index: number, octet: number): Uint8Array {
  const changed = Uint8Array.from(octets);
  changed[index] = octet;
  return changed;
}

/** Writes an element's length in three octets instead of two. */
function withLongerLength(element: Uint8Array): Uint8Array {
  assert.equal(element[1], 0x82);
  return Buffer.concat([element.subarray(0, 1), Buffer.of(0x83, 0), element.subarray(2)]);
}

/** Writes an element with indefinite length, in as many octets. */
function withoutLength(element: Uint8Array): Uint8Array {
  assert.equal(element[1], 0x82);
  const content = element.subarray(4);
  return Buffer.concat([element.subarray(0, 1), Buffer.of(0x80), content, Buffer.alloc(2)]);
}

function withCertificateWithoutLength(message: Uint8Array, { certificate }: Peer): Uint8Array {
  const changed = Buffer.from(message);
  changed.set(withoutLength(certificate.der), changed.indexOf(certificate.der));
  return changed;
}

/** One SEQUENCE in another, each of indefinite length. */
function nested(levels: number): Uint8Array {
  return Buffer.concat([Buffer.alloc(2 * levels, Buffer.of(0x30, 0x80)), Buffer.alloc(2 * levels)]);
}
