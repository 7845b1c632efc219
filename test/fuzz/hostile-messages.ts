/** Messages made to be expensive: small things many times, deep nesting, lengths that lie. */
import { OIDS, oid } from '#awala/der/oids.ts';
import { contextConstructed, TAG } from '#awala/der/reader.ts';
import {
  concatenated,
  constructed,
  type DerPart,
  encodeDer,
  integer,
  NULL,
  objectIdentifier,
  octetString,
  sequence,
  set,
  tagged,
} from '#awala/der/writer.ts';
import { MAX_PARCEL_OCTETS } from '#awala/limits.ts';
import {
  type CertificateTemplate,
  craftCertificateDer,
  extension,
  hashAlgorithm,
} from '#test/builders/crafted-certificates.ts';
import { attribute } from '#test/builders/crafted-messages.ts';

/** Leaves room for what is around the filling. */
const FILLING_OCTETS = MAX_PARCEL_OCTETS - 1000;
const LEVELS = 10_000;

/** Each would cost a lot if a reader were to look at all of it. */
export function hostileParcels(certificate: CertificateTemplate): Record<string, Uint8Array> {
  const emptyAttribute = encodeDer(attribute(oid('1.2.3'), NULL));
  const emptyExtension = encodeDer(extension(oid('1.2.3'), false, octetString()));
  const certificateWith = (more: Partial<CertificateTemplate>) =>
    parcelOf({ certificates: craftCertificateDer({ ...certificate, ...more }) });
  return {
    'nothing but zeros': filled(Uint8Array.of(0)),
    'nothing but 0xff': filled(Uint8Array.of(0xff)),
    'nothing but elements of indefinite length': filled(Uint8Array.of(0x30, 0x80)),
    'nested sequences': withFormat(nested(LEVELS)),
    'nested sequences of indefinite length': withFormat(nestedIndefinite(LEVELS)),
    'nested octet strings as content': parcelOf({ content: nestedOctetStrings(LEVELS) }),
    'nested octet strings of indefinite length as content': parcelOf({
      content: nestedIndefinite(LEVELS, TAG.constructedOctetString),
    }),
    'empty segments': parcelOf({ content: many(TAG.constructedOctetString, Uint8Array.of(4, 0)) }),
    'segments of one octet': parcelOf({
      content: many(TAG.constructedOctetString, Uint8Array.of(4, 1, 0)),
    }),
    'empty certificates': parcelOf({ certificates: repeated(Uint8Array.of(0x30, 0)) }),
    'a huge certificate': parcelOf({ certificates: many(TAG.sequence, Uint8Array.of(5, 0)) }),
    'a certificate nested in itself': parcelOf({ certificates: nested(LEVELS) }),
    'a certificate of many extensions': certificateWith({
      moreExtensions: [repeated(emptyExtension, 7000)],
    }),
    'a certificate with a nested extension': certificateWith({ basicConstraints: nested(1500) }),
    'digest algorithms': parcelOf({ algorithms: repeated(encodeDer(hashAlgorithm('sha256'))) }),
    'signed attributes': parcelOf({ attributes: repeated(emptyAttribute) }),
    'empty signed attributes': parcelOf({ attributes: repeated(Uint8Array.of(0x30, 0)) }),
    'nested signed attributes': parcelOf({ attributes: nested(LEVELS) }),
    'a long content type': withFormat(
      encodeDer(sequence(tagged(TAG.oid, Buffer.alloc(FILLING_OCTETS, 0x80)))),
    ),
    'lengths of four gigabytes': withFormat(
      Uint8Array.of(0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0x30, 0x84, 0xff, 0xff, 0xff, 0xff),
    ),
  };
}

interface Parts {
  readonly content?: DerPart;
  readonly certificates?: DerPart;
  readonly algorithms?: DerPart;
  readonly attributes?: DerPart;
}

/** As far as a reader gets that has no objection to the parts given. */
function parcelOf(parts: Parts): Uint8Array {
  const { content = octetString(), certificates, algorithms, attributes } = parts;
  const algorithm = hashAlgorithm('sha256');
  const signer = sequence(
    integer(1),
    sequence(sequence(), integer(1)),
    algorithm,
    constructed(0, attributes ?? concatenated()),
    algorithm,
    octetString(),
  );
  return withFormat(
    encodeDer(
      sequence(
        objectIdentifier(OIDS.signedData),
        constructed(
          0,
          sequence(
            integer(1),
            set(algorithms ?? algorithm),
            sequence(objectIdentifier(OIDS.data), constructed(0, content)),
            tagged(contextConstructed(0), certificates ?? concatenated()),
            set(signer),
          ),
        ),
      ),
    ),
  );
}

function withFormat(signedData: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.concat([Buffer.from('Awala\x50\0'), signedData]));
}

function filled(pattern: Uint8Array): Uint8Array {
  return withFormat(repeated(pattern));
}

function repeated(
  pattern: Uint8Array,
  count: number = Math.floor(FILLING_OCTETS / pattern.length),
): Uint8Array {
  return Buffer.alloc(count * pattern.length, pattern);
}

function many(tag: number, item: Uint8Array): DerPart {
  return tagged(tag, repeated(item));
}

function nested(levels: number): Uint8Array {
  return nestedIn(TAG.sequence, levels);
}

function nestedOctetStrings(levels: number): Uint8Array {
  return nestedIn(TAG.constructedOctetString, levels);
}

function nestedIn(tag: number, levels: number): Uint8Array {
  let value = encodeDer(NULL);
  for (let level = 0; level < levels; level++) {
    value = encodeDer(tagged(tag, value));
  }
  return value;
}

function nestedIndefinite(levels: number, tag: number = TAG.sequence): Uint8Array {
  const open = repeated(Uint8Array.of(tag, 0x80), levels);
  return encodeDer(concatenated(open, new Uint8Array(2 * levels)));
}
