/** Parcels that are not what they claim to be, each in one way: what RS-001 calls malformed. */
import assert from 'node:assert/strict';
import { encodeDer } from '#awala/der/writer.ts';
import { MAX_TTL_SECONDS } from '#awala/limits.ts';
import { craftSignedData, fieldsOf } from '#test/builders/crafted-messages.ts';
import { messageFrom, type Peer } from '#test/builders/peers.ts';
import { type Correspondence, parcelOn } from './road.ts';

const FORMAT = Buffer.from('Awala\x50\0');

/** @returns the octets, by what is wrong with them */
export function malformedParcels(road: Correspondence): Record<string, Uint8Array> {
  const valid = parcelOn(road);
  return {
    'is empty': new Uint8Array(),
    'ends after its format signature': valid.subarray(0, FORMAT.length),
    'is cut in half': valid.subarray(0, valid.length / 2),
    'lacks its last octet': valid.subarray(0, -1),
    'has an octet too many': Buffer.concat([valid, Buffer.of(0)]),
    'is followed by itself': Buffer.concat([valid, valid]),
    'does not begin with “Awala”': withOctet(valid, 0, 0x61),
    'has the type octet of a cargo': parcelOn(road, { typeOctet: 0x43 }),
    'has a type octet of nothing': parcelOn(road, { typeOctet: 0x00 }),
    'is of version 1': parcelOn(road, { versionOctet: 1 }),
    ...wronglyEncoded(road, valid),
    ...wronglySigned(road),
    ...wrongFields(road),
  };
}

function wronglyEncoded(road: Correspondence, valid: Uint8Array): Record<string, Uint8Array> {
  const fields = longFields(road);
  return {
    'has a length that is not minimal': Buffer.concat([
      FORMAT,
      withLongerLength(valid.subarray(7)),
    ]),
    'has fields whose length is not minimal': parcelOn(road, { content: withLongerLength(fields) }),
    'has fields of indefinite length': parcelOn(road, { content: withoutLength(fields) }),
    'has a certificate of indefinite length': withCertificateWithoutLength(valid, road.sender),
    'has a length that goes beyond its end': withOctet(valid, 9, 0xff),
  };
}

/** Whose length takes two octets. */
function longFields({ recipient, now }: Correspondence): Uint8Array {
  const payload = new Uint8Array(500);
  return encodeDer(
    fieldsOf({ sender: recipient, recipient: recipient.nodeId, createdAt: now, payload }),
  );
}

function wronglySigned(road: Correspondence): Record<string, Uint8Array> {
  const { sender } = road;
  const certificates = [sender.certificate, ...sender.issuers];
  const detached = craftSignedData({ content: null, signers: [sender], certificates });
  return {
    'has two signers': parcelOn(road, { signers: [sender, sender] }),
    'has no signer': parcelOn(road, { signers: [] }),
    'lacks the certificate of its signer': parcelOn(road, { certificates: sender.issuers }),
    'has no certificates': parcelOn(road, { certificates: [] }),
    'has no content': Buffer.concat([FORMAT, detached]),
  };
}

function wrongFields(road: Correspondence): Record<string, Uint8Array> {
  return {
    'lives for over 180 days': parcelOn(road, { ttlSeconds: MAX_TTL_SECONDS + 1 }),
    'has an id of 65 characters': parcelOn(road, { id: 'x'.repeat(65) }),
    'has no id': parcelOn(road, { id: '' }),
    'has a recipient that is no node id': parcelOn(road, { recipient: 'someone' }),
    'has a recipient id in capitals': parcelOn(road, {
      recipient: road.recipient.nodeId.toUpperCase(),
    }),
    'has an Internet address that is no domain name': parcelOn(road, { internetAddress: 'a b' }),
    'has content that is no message': parcelOn(road, { content: Buffer.from('hello') }),
  };
}

/** A parcel of exactly so many octets, otherwise valid. */
export async function parcelOfOctets(road: Correspondence, octets: number): Promise<Uint8Array> {
  const { sender, recipient, now } = road;
  const fields = { recipient: { id: recipient.nodeId }, createdAt: now };
  const around = await messageFrom(sender, { ...fields, payload: new Uint8Array(octets / 2) });
  const payload = new Uint8Array(octets - (around.length - Math.floor(octets / 2)));
  const parcel = await messageFrom(sender, { ...fields, payload });
  assert.equal(parcel.length, octets);
  return parcel;
}

export function withOctet(octets: Uint8Array, index: number, octet: number): Uint8Array {
  const changed = Uint8Array.from(octets);
  changed[index] = octet;
  return changed;
}

/** The same element, with its length in three octets though two would do. */
function withLongerLength(element: Uint8Array): Uint8Array {
  assert.equal(element[1], 0x82);
  return Buffer.concat([element.subarray(0, 1), Buffer.of(0x83, 0), element.subarray(2)]);
}

/** The same element, of as many octets, with its end marked instead of its length told. */
function withoutLength(element: Uint8Array): Uint8Array {
  assert.equal(element[1], 0x82);
  const content = element.subarray(4);
  return Buffer.concat([element.subarray(0, 1), Buffer.of(0x80), content, Buffer.alloc(2)]);
}

function withCertificateWithoutLength(parcel: Uint8Array, { certificate }: Peer): Uint8Array {
  const changed = Buffer.from(parcel);
  changed.set(withoutLength(certificate.der), changed.indexOf(certificate.der));
  return changed;
}
