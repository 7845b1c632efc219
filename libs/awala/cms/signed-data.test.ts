import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { hashAlgorithm } from '#test/builders/crafted-certificates.ts';
import {
  attribute,
  craftSignedData,
  type SignedDataTemplate,
  usualAttributes,
} from '#test/builders/crafted-messages.ts';
import { ParcelRoad, refuses } from '#test/builders/parcel-road.ts';
import { OIDS, oid } from '../der/oids.ts';
import {
  concatenated,
  constructed,
  encodeDer,
  integer,
  NULL,
  objectIdentifier,
  octetString,
} from '../der/writer.ts';
import {
  MAX_ATTACHED_CERTIFICATES,
  MAX_CONTENT_SEGMENTS,
  MAX_SIGNED_ATTRIBUTES,
} from '../limits.ts';
import { Certificate } from '../x509/certificate.ts';
import { SignedData } from './signed-data.ts';

const content = Buffer.from('what is signed');
let road: ParcelRoad;

before(async () => {
  road = await ParcelRoad.at(new Date('2026-03-01T12:00:00Z'));
});

function craft(template: Partial<SignedDataTemplate> = {}): Uint8Array {
  const { sender } = road;
  return craftSignedData({
    content,
    signers: [sender],
    certificates: [sender.certificate],
    ...template,
  });
}

function parse(octets: Uint8Array): SignedData {
  return SignedData.parse(octets, (der) => Certificate.parse(der));
}

function isMalformed(octets: Uint8Array, message?: RegExp): void {
  assert.throws(() => parse(octets), { code: 'malformed', ...(message ? { message } : {}) });
}

describe('SignedData', () => {
  it('has its content, its certificates and its signer', () => {
    const { sender, recipient } = road;
    const certificates = [recipient.certificate, sender.certificate];
    const signedData = parse(craft({ certificates }));

    signedData.verify();
    assert.deepEqual(Buffer.from(signedData.content?.slice(0, 4) ?? []), content.subarray(0, 4));
    assert.deepEqual(
      signedData.certificates.map(({ nodeId }) => nodeId),
      [recipient.nodeId, sender.nodeId],
    );
    assert.equal(signedData.signer.nodeId, sender.nodeId);
  });

  it('has no content if the signature is detached', () => {
    const signedData = parse(craft({ content: null, plaintext: content }));

    assert.equal(signedData.content, null);
    assert.throws(() => signedData.verify(), TypeError);
    refuses('signature', () => signedData.verifyDetached(() => 'the digest of something else'));
  });

  it('may have its content cut into segments, and indefinite lengths around it', () => {
    for (const segmentOctets of [1, 5, 13, 14, 15]) {
      for (const isIndefinite of [true, false]) {
        const signedData = parse(craft({ segmentOctets, isIndefinite }));

        signedData.verify();
        assert.equal(Buffer.from(signedData.content?.slice(3, 9) ?? []).toString(), 't is s');
      }
    }
  });

  it('may have content that is hashed in several rounds', () => {
    const long = Buffer.alloc(200_000, 'long');
    for (const segmentOctets of [1000, 15_000, 70_000]) {
      parse(craft({ content: long, segmentOctets })).verify();
    }
  });

  it('may have signed attributes that mean nothing to us', () => {
    const attributes = (digest: Uint8Array) => [
      attribute(oid('1.2.840.113549.1.9.5'), integer(1)),
      ...usualAttributes(digest),
    ];

    parse(craft({ attributes })).verify();
  });

  it('is refused if an attribute was changed', () => {
    const octets = Buffer.from(craft());
    const type = OIDS.messageDigest.content;
    const digest = octets.lastIndexOf(type) + type.length + 4;
    octets.writeUInt8(octets.readUInt8(digest) ^ 1, digest);

    refuses('signature', () => parse(octets).verify());
  });
});

describe('Malformed SignedData', () => {
  it('has no signer, or two', () => {
    isMalformed(craft({ signers: [] }));
    isMalformed(craft({ signers: [road.sender, road.sender] }));
  });

  it("lacks its signer's certificate", () => {
    isMalformed(craft({ certificates: [] }), /lacks the certificate/);
    isMalformed(craft({ certificates: [road.recipient.certificate] }), /lacks the certificate/);
  });

  it('has too many certificates', () => {
    const one = road.sender.certificate;
    const certificates = Array(MAX_ATTACHED_CERTIFICATES).fill(one);
    parse(craft({ certificates })).verify();

    isMalformed(craft({ certificates: [...certificates, one] }), /too many certificates/);
  });

  it('has a broken certificate, needed or not', () => {
    const { sender, recipient } = road;
    const octets = craft({ certificates: [sender.certificate, recipient.certificate] });
    const version = Buffer.from(octets).lastIndexOf(Buffer.from([0xa0, 3, 2, 1, 2]));
    octets[version + 4] = 1;

    isMalformed(octets, /version 3/);
  });

  it('has revocation lists, even an empty set of them', () => {
    isMalformed(craft({ crls: constructed(1) }));
  });

  it('has no digest algorithm, or two', () => {
    isMalformed(craft({ digestAlgorithms: [] }));
    isMalformed(craft({ digestAlgorithms: [hashAlgorithm('sha256'), hashAlgorithm('sha512')] }));
  });

  it('is of an unknown version', () => {
    isMalformed(craft({ version: 0 }));
    isMalformed(craft({ version: 4 }));
  });

  it('is or signs another type of content', () => {
    isMalformed(craft({ outerType: OIDS.envelopedData }), /Expected content of type/);
    isMalformed(craft({ contentType: OIDS.signedData }), /Expected content of type/);
    const attributes = (digest: Uint8Array) => [
      attribute(OIDS.contentType, objectIdentifier(OIDS.signedData)),
      attribute(OIDS.messageDigest, octetString(digest)),
    ];
    isMalformed(craft({ attributes }), /Signed content type/);
  });

  it('signs without content type or digest, or with two of them', () => {
    isMalformed(craft({ attributes: (digest) => usualAttributes(digest).slice(0, 1) }));
    isMalformed(craft({ attributes: (digest) => usualAttributes(digest).slice(1) }));
    isMalformed(craft({ attributes: () => [] }));
    const twice = (digest: Uint8Array) => [...usualAttributes(digest), ...usualAttributes(digest)];
    isMalformed(craft({ attributes: twice }), /twice/);
    const twoValues = (digest: Uint8Array) => [
      ...usualAttributes(digest).slice(0, 1),
      attribute(OIDS.messageDigest, octetString(digest), octetString(digest)),
    ];
    isMalformed(craft({ attributes: twoValues }));
  });

  it('has too many attributes, or unsigned ones', () => {
    const odd = Array(MAX_SIGNED_ATTRIBUTES - 1).fill(attribute(oid('1.2.3'), NULL));
    isMalformed(craft({ attributes: (digest) => [...odd, ...usualAttributes(digest)] }));
    isMalformed(craft({ unsignedAttributes: constructed(1, attribute(oid('1.2.3'), NULL)) }));
  });

  it('has trailing octets, or is cut off anywhere', () => {
    const octets = craft();
    isMalformed(encodeDer(concatenated(octets, Uint8Array.of(0))), /Trailing octets/);
    for (let length = 0; length < octets.length; length++) {
      isMalformed(octets.subarray(0, length));
    }
  });

  it('is cut off anywhere in its encoding of indefinite length', () => {
    const octets = craft({ isIndefinite: true, segmentOctets: 4 });
    for (let length = 0; length < octets.length; length++) {
      isMalformed(octets.subarray(0, length));
    }
  });

  it('is cut into more segments than are taken', () => {
    const content = Buffer.alloc(MAX_CONTENT_SEGMENTS + 1);
    parse(craft({ content: content.subarray(1), segmentOctets: 1 })).verify();

    isMalformed(craft({ content, segmentOctets: 1 }), /too many segments/);
  });

  it('has segments that are cut into segments themselves', () => {
    const octets = Buffer.from(craft({ segmentOctets: content.length }));
    const segment = octets.indexOf(Buffer.from([0x04, content.length, ...content]));
    octets[segment] = 0x24;

    isMalformed(octets);
  });
});
