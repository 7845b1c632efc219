import { ignoreElement } from '../der/ignored.ts';
import { isOid, OIDS } from '../der/oids.ts';
import { readOid, readSerialNumber } from '../der/primitives.ts';
import { contextConstructed, DerReader, TAG } from '../der/reader.ts';
import { MalformedMessageError } from '../errors.ts';
import { MAX_SIGNED_ATTRIBUTES, MAX_SIGNED_ATTRIBUTES_OCTETS } from '../limits.ts';

/** The `version` field of a SignerInfo that names its certificate by issuer and serial number. */
const BY_ISSUER_AND_SERIAL_NUMBER = 1;

/** Who signed, and what exactly (RFC 5652 §5.3). */
export interface SignerInfo {
  /** DER Name of the issuer of the signer's certificate. */
  readonly issuer: Uint8Array;
  /** Serial number of the signer's certificate: content octets of an INTEGER. */
  readonly serialNumber: Uint8Array;
  /** AlgorithmIdentifier. */
  readonly digestAlgorithm: Uint8Array;
  /** The signed octets: the attributes as a SET OF. */
  readonly signedAttributes: Uint8Array;
  /** The attribute that ties the content to the signature. */
  readonly messageDigest: Uint8Array;
  /** AlgorithmIdentifier. */
  readonly signatureAlgorithm: Uint8Array;
  readonly signature: Uint8Array;
}

/**
 * Reads a SignerInfo with signed attributes, as all deployed peers write it, and without unsigned ones.
 *
 * @throws {MalformedMessageError}
 */
export function readSignerInfo(reader: DerReader): SignerInfo {
  reader.enter(TAG.sequence);
  if (reader.readSmallInteger() !== BY_ISSUER_AND_SERIAL_NUMBER) {
    throw new MalformedMessageError('Signer is not identified by issuer and serial number');
  }
  reader.enter(TAG.sequence);
  const issuer = reader.readElement(TAG.sequence);
  const serialNumber = readSerialNumber(reader);
  reader.leave();
  const digestAlgorithm = reader.readElement(TAG.sequence);
  const attributes = reader.readElement(contextConstructed(0));
  if (attributes.length > MAX_SIGNED_ATTRIBUTES_OCTETS) {
    throw new MalformedMessageError('Signed attributes are too long');
  }
  const messageDigest = readMessageDigest(new DerReader(attributes));
  const signedAttributes = asSet(attributes);
  const signatureAlgorithm = reader.readElement(TAG.sequence);
  const signature = reader.read(TAG.octetString);
  reader.leave();
  return {
    issuer,
    serialNumber,
    digestAlgorithm,
    signedAttributes,
    messageDigest,
    signatureAlgorithm,
    signature,
  };
}

/** Reads the signed attributes; ignores those without a meaning here, such as the signing time. */
function readMessageDigest(reader: DerReader): Uint8Array {
  let messageDigest: Uint8Array | null = null;
  let hasContentType = false;
  let count = 0;
  reader.enter(contextConstructed(0));
  while (!reader.isAtEnd) {
    reader.enter(TAG.sequence);
    const type = readOid(reader);
    reader.enter(TAG.set);
    if (isOid(type, OIDS.messageDigest)) {
      requireFirst(messageDigest === null);
      messageDigest = reader.read(TAG.octetString);
    } else if (isOid(type, OIDS.contentType)) {
      requireFirst(!hasContentType);
      hasContentType = true;
      requireData(reader);
    } else {
      ignoreElement(reader);
    }
    reader.leave();
    reader.leave();
    if (++count > MAX_SIGNED_ATTRIBUTES) {
      throw new MalformedMessageError('Too many signed attributes');
    }
  }
  reader.leave();
  if (!messageDigest || !hasContentType) {
    throw new MalformedMessageError('Content type or message digest is not among what is signed');
  }
  return messageDigest;
}

function requireFirst(isFirst: boolean): void {
  if (!isFirst) {
    throw new MalformedMessageError('Signed attribute is there twice');
  }
}

function requireData(reader: DerReader): void {
  if (!reader.readsAs(TAG.oid, OIDS.data.content)) {
    throw new MalformedMessageError('Signed content type is not that of the content');
  }
}

/** The attributes are sent under a context tag but signed under that of SET OF (RFC 5652 §5.4). */
function asSet(attributes: Uint8Array): Uint8Array {
  const copy = Buffer.from(attributes);
  copy[0] = TAG.set;
  return copy;
}
