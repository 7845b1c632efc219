/**
 * SignedData and RAMF messages that no honest node would write, to see them
 * refused; and those that honest nodes write, in encodings that ours do not use.
 */
import { createHash, randomUUID } from 'node:crypto';
import { OIDS, type Oid } from '#awala/der/oids.ts';
import { contextConstructed, TAG } from '#awala/der/reader.ts';
import {
  concatenated,
  constructed,
  type DerPart,
  type DerValue,
  dateTime,
  encodeDer,
  implicit,
  integer,
  integerContent,
  objectIdentifier,
  octetString,
  sequence,
  set,
  tagged,
} from '#awala/der/writer.ts';
import type { Certificate } from '#awala/x509/certificate.ts';
import { type CraftedHash, hashAlgorithm, pssAlgorithm, signPss } from './crafted-certificates.ts';
import type { Peer } from './peers.ts';

export interface SignedDataTemplate {
  /** Null for a detached signature of `plaintext`. */
  readonly content: Uint8Array | null;
  readonly plaintext?: Uint8Array;
  /** As many signers as there are; none is possible. */
  readonly signers: readonly Peer[];
  readonly certificates: readonly Certificate[];
  readonly hash?: CraftedHash;
  /** AlgorithmIdentifiers in `digestAlgorithms`: that of `hash` if not given. */
  readonly digestAlgorithms?: readonly DerPart[];
  readonly signatureAlgorithm?: DerPart;
  readonly contentType?: Oid;
  readonly outerType?: Oid;
  readonly version?: number;
  readonly crls?: DerPart;
  /** Attributes instead of content type and message digest. */
  readonly attributes?: (digest: Uint8Array) => readonly DerPart[];
  /** Unsigned attributes of each signer. */
  readonly unsignedAttributes?: DerPart;
  /** Cuts the content into BER segments of so many octets. */
  readonly segmentOctets?: number;
  /** Writes what is around certificates and signed attributes with indefinite lengths, as the JVM peers do. */
  readonly isIndefinite?: boolean;
}

export interface MessageTemplate
  extends Omit<SignedDataTemplate, 'content' | 'signers' | 'certificates'> {
  readonly sender: Peer;
  readonly certificates?: readonly Certificate[];
  readonly signers?: readonly Peer[];
  readonly recipient: string;
  readonly createdAt: Date;
  readonly internetAddress?: string;
  readonly id?: string;
  readonly ttlSeconds?: number;
  readonly payload?: Uint8Array;
  readonly typeOctet?: number;
  readonly versionOctet?: number;
  /** The whole signed content, instead of the fields. */
  readonly content?: Uint8Array;
}

const PARCEL_OCTET = 0x50;

export function craftMessage(template: MessageTemplate): Uint8Array {
  const { sender } = template;
  const signedData = craftSignedData({
    ...template,
    content: template.content ?? encodeDer(fieldsOf(template)),
    signers: template.signers ?? [sender],
    certificates: template.certificates ?? [sender.certificate, ...sender.issuers],
  });
  const { typeOctet = PARCEL_OCTET, versionOctet = 0 } = template;
  return new Uint8Array([...Buffer.from('Awala'), typeOctet, versionOctet, ...signedData]);
}

export function fieldsOf(template: MessageTemplate): DerValue {
  const { recipient, internetAddress, id = randomUUID(), ttlSeconds = 3600 } = template;
  const address = internetAddress === undefined ? [] : [implicit(1, Buffer.from(internetAddress))];
  return sequence(
    constructed(0, implicit(0, Buffer.from(recipient)), ...address),
    implicit(1, Buffer.from(id)),
    implicit(2, dateTime(template.createdAt)),
    implicit(3, integerContent(ttlSeconds)),
    implicit(4, template.payload ?? Buffer.from('payload')),
  );
}

export function craftSignedData(template: SignedDataTemplate): Uint8Array {
  const { hash = 'sha256', isIndefinite = false } = template;
  const outer = (tag: number, ...items: DerPart[]) =>
    isIndefinite ? indefinite(tag, ...items) : tagged(tag, ...items);
  const algorithms = template.digestAlgorithms ?? [hashAlgorithm(hash)];
  const contentType = objectIdentifier(template.contentType ?? OIDS.data);
  const content = template.content
    ? [outer(contextConstructed(0), contentString(template.content, template, outer))]
    : [];
  return encodeDer(
    outer(
      TAG.sequence,
      objectIdentifier(template.outerType ?? OIDS.signedData),
      outer(
        contextConstructed(0),
        outer(
          TAG.sequence,
          integer(template.version ?? 1),
          set(...algorithms),
          outer(TAG.sequence, contentType, ...content),
          outer(contextConstructed(0), ...template.certificates.map(({ der }) => der)),
          ...(template.crls ? [template.crls] : []),
          set(...template.signers.map((signer) => signerInfo(signer, template, hash))),
        ),
      ),
    ),
  );
}

/** An element of indefinite length (X.690 §8.1.3.6). */
export function indefinite(tag: number, ...items: readonly DerPart[]): DerValue {
  return concatenated(Uint8Array.of(tag, 0x80), ...items, Uint8Array.of(0, 0));
}

type Outer = (tag: number, ...items: DerPart[]) => DerValue;

function contentString(
  content: Uint8Array,
  { segmentOctets }: SignedDataTemplate,
  outer: Outer,
): DerPart {
  if (segmentOctets === undefined) {
    return octetString(content);
  }
  const segments: DerPart[] = [];
  for (let start = 0; start < content.length; start += segmentOctets) {
    segments.push(octetString(content.subarray(start, start + segmentOctets)));
  }
  return outer(TAG.constructedOctetString, ...segments);
}

function signerInfo(signer: Peer, template: SignedDataTemplate, hash: CraftedHash): DerValue {
  const { issuer, serialNumber } = signer.certificate;
  const signed = template.content ?? template.plaintext ?? new Uint8Array();
  const digest = createHash(hash).update(signed).digest();
  const attributes = (template.attributes ?? usualAttributes)(digest);
  const signature = signPss(signer, encodeDer(set(...attributes)), hash);
  return sequence(
    integer(1),
    sequence(issuer, tagged(TAG.integer, serialNumber)),
    hashAlgorithm(hash),
    constructed(0, ...attributes),
    template.signatureAlgorithm ?? pssAlgorithm(hash),
    octetString(signature),
    ...(template.unsignedAttributes ? [template.unsignedAttributes] : []),
  );
}

export function attribute(type: Oid, ...values: readonly DerPart[]): DerValue {
  return sequence(objectIdentifier(type), set(...values));
}

export function usualAttributes(digest: Uint8Array): readonly DerPart[] {
  return [
    attribute(OIDS.contentType, objectIdentifier(OIDS.data)),
    attribute(OIDS.messageDigest, octetString(digest)),
  ];
}
