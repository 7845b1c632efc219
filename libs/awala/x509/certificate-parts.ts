import { readAlgorithm } from '../der/ignored.ts';
import { isOid, OIDS } from '../der/oids.ts';
import { readBmpText, readOid, readSerialNumber, readUtf8Text } from '../der/primitives.ts';
import { contextConstructed, DerReader, TAG } from '../der/reader.ts';
import { latin1Of } from '../der/text.ts';
import { parseGeneralizedTime, parseUtcTime } from '../der/time.ts';
import { MalformedMessageError } from '../errors.ts';
import { type Extensions, noExtensions, readExtensions } from './extensions.ts';
import { type RsaKeySize, rsaKeySizeOf } from './public-key.ts';

/** The `version` field of an X.509 v3 certificate. */
const V3 = 2;

const MAX_SERIAL_NUMBER_OCTETS = 20;

/** The parts of a certificate, as views of its DER. */
export interface CertificateParts {
  /** The octets that the issuer signed. */
  readonly tbs: Uint8Array;
  /** AlgorithmIdentifier of the issuer's signature. */
  readonly signatureAlgorithm: Uint8Array;
  readonly signature: Uint8Array;
  /** Content octets of an INTEGER. */
  readonly serialNumber: Uint8Array;
  /** DER Name. */
  readonly issuer: Uint8Array;
  readonly issuerCommonName: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** DER Name. */
  readonly subject: Uint8Array;
  readonly commonName: string;
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  /** Null if the key is not an RSA key. */
  readonly rsaKeySize: RsaKeySize | null;
  readonly extensions: Extensions;
}

/**
 * Splits a certificate into its parts.
 *
 * @throws {MalformedMessageError}
 */
export function parseCertificateParts(der: Uint8Array): CertificateParts {
  const reader = new DerReader(der);
  reader.enter(TAG.sequence);
  const tbs = reader.readElement(TAG.sequence);
  const signatureAlgorithm = readAlgorithm(reader);
  const signature = reader.readBitString();
  reader.leave();
  reader.finish();
  return { tbs, signatureAlgorithm, signature, ...parseTbs(tbs, signatureAlgorithm) };
}

/** RFC 5280 §4.1.2; rejects the unique identifiers, which nobody uses. */
function parseTbs(tbs: Uint8Array, signatureAlgorithm: Uint8Array) {
  const reader = new DerReader(tbs);
  reader.enter(TAG.sequence);
  reader.enter(contextConstructed(0));
  const version = reader.readSmallInteger();
  reader.leave();
  const serialNumber = readSerialNumber(reader);
  const innerAlgorithm = reader.readElement(TAG.sequence);
  const issuer = reader.readElement(TAG.sequence);
  reader.enter(TAG.sequence);
  const notBefore = readTime(reader);
  const notAfter = readTime(reader);
  reader.leave();
  const subject = reader.readElement(TAG.sequence);
  const spki = reader.readElement(TAG.sequence);
  const extensions = readOptionalExtensions(reader);
  reader.leave();
  if (version !== V3) {
    throw new MalformedMessageError('Certificate is not of X.509 version 3');
  }
  if (serialNumber.length > MAX_SERIAL_NUMBER_OCTETS) {
    throw new MalformedMessageError('Serial number is too long');
  }
  if (Buffer.compare(innerAlgorithm, signatureAlgorithm) !== 0) {
    throw new MalformedMessageError('Certificate names two different signature algorithms');
  }
  return {
    serialNumber,
    issuer,
    issuerCommonName: commonNameOf(issuer),
    notBefore,
    notAfter,
    subject,
    commonName: commonNameOf(subject),
    spki,
    rsaKeySize: rsaKeySizeOf(spki),
    extensions,
  };
}

function readTime(reader: DerReader): Date {
  return reader.isNext(TAG.utcTime)
    ? parseUtcTime(reader.read(TAG.utcTime))
    : parseGeneralizedTime(reader.read(TAG.generalizedTime));
}

function readOptionalExtensions(reader: DerReader): Extensions {
  if (reader.isAtEnd) {
    return noExtensions();
  }
  reader.enter(contextConstructed(3));
  const extensions = readExtensions(reader);
  reader.leave();
  return extensions;
}

/** X.680 §41.4, plus `*`, `@`, `_` and `&`, which many write against the rules. */
const NOT_PRINTABLE = /[^A-Za-z0-9 '()+,\-./:=?*@_&]/;

/**
 * Reads a distinguished name that consists of one common name.
 *
 * For finding issuers and for logs: a node is identified by its key, never by its name.
 *
 * @param name - a DER Name
 * @returns the text, of whatever string type
 * @throws {MalformedMessageError} if there is anything but one common name
 * @see RS-002, "General Constraints and Attributes"
 */
function commonNameOf(name: Uint8Array): string {
  const reader = new DerReader(name);
  reader.enter(TAG.sequence);
  reader.enter(TAG.set);
  reader.enter(TAG.sequence);
  if (!isOid(readOid(reader), OIDS.commonName)) {
    throw new MalformedMessageError('Name has an attribute other than the common name');
  }
  const text = readDirectoryString(reader);
  reader.leave();
  reader.leave();
  reader.leave();
  reader.finish();
  return text;
}

/** Deployed peers write BMPString; other X.509 libraries choose the other types. */
function readDirectoryString(reader: DerReader): string {
  if (reader.isNext(TAG.bmpString)) {
    return readBmpText(reader);
  }
  if (reader.isNext(TAG.utf8String)) {
    return readUtf8Text(reader);
  }
  const text = latin1Of(reader.read(TAG.printableString));
  if (NOT_PRINTABLE.test(text)) {
    throw new MalformedMessageError('Name has a character that its type does not have');
  }
  return text;
}
