import { randomBytes } from 'node:crypto';
import { OIDS } from '../der/oids.ts';
import { TAG } from '../der/reader.ts';
import {
  bitString,
  boolean,
  concatenated,
  constructed,
  type DerPart,
  type DerValue,
  encodeDer,
  implicit,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  set,
  tagged,
} from '../der/writer.ts';
import { nodeIdOfKey } from '../node-id.ts';
import { Certificate } from './certificate.ts';
import { RSA_PSS_SHA_256_ALGORITHM, type Sign } from './rsa-pss.ts';

export interface IssuanceOptions {
  /** DER SubjectPublicKeyInfo of whom the certificate is for. */
  readonly subjectKey: Uint8Array;
  /** Null if the subject issues the certificate to itself. */
  readonly issuer: Certificate | null;
  /** DER SubjectPublicKeyInfo of the issuer: the subject's key if `issuer` is null. */
  readonly issuerKey: Uint8Array;
  /** Signs with the issuer's key. */
  readonly sign: Sign;
  /** First second of the validity; milliseconds are dropped. */
  readonly notBefore: Date;
  /** Last second of the validity; a later end of the issuer's own shortens it. */
  readonly notAfter: Date;
}

/** Null in `pathLength` makes an end-entity certificate, without the CA flag. */
interface Profile {
  readonly pathLength: number | null;
}

const COMMON_NAME = objectIdentifier(OIDS.commonName);
const BASIC_CONSTRAINTS = objectIdentifier(OIDS.basicConstraints);
const AUTHORITY_KEY_ID = objectIdentifier(OIDS.authorityKeyIdentifier);
const SUBJECT_KEY_ID = objectIdentifier(OIDS.subjectKeyIdentifier);
const X509_V3 = constructed(0, integer(2));
const SERIAL_NUMBER_OCTETS = 16;
/** X.509 writes years from here on as GeneralizedTime (RFC 5280 §4.1.2.5). */
const FIRST_GENERALIZED_YEAR = 2050;

/**
 * Issues a gateway's certificate: path length 2 if self-issued, else 1.
 *
 * @throws {RangeError} if the validity ends before it starts, also because the issuer's ends
 * @throws {TypeError} if `issuerKey` is not the issuer's
 * @see RS-002 "Gateway Certificate"
 */
export function issueGatewayCertificate(options: IssuanceOptions): Promise<Certificate> {
  return issue(options, { pathLength: options.issuer ? 1 : 2 });
}

/**
 * Issues an endpoint's certificate: path length 0.
 *
 * @throws as {@link issueGatewayCertificate}
 */
export function issueEndpointCertificate(options: IssuanceOptions): Promise<Certificate> {
  return issue(options, { pathLength: 0 });
}

/**
 * Issues an authorisation to send parcels (PDA) or cargo (CDA) to the issuer: not a CA.
 *
 * @throws as {@link issueGatewayCertificate}
 */
export function issueDeliveryAuthorization(options: IssuanceOptions): Promise<Certificate> {
  return issue(options, { pathLength: null });
}

async function issue(options: IssuanceOptions, profile: Profile): Promise<Certificate> {
  const { issuer, issuerKey, subjectKey } = options;
  if (Buffer.compare(issuerKey, issuer?.spki ?? subjectKey) !== 0) {
    throw new TypeError('the issuing key is not the one in the issuing certificate');
  }
  const subjectName = nameOf(subjectKey);
  const toBeSigned = encodeDer(
    sequence(
      X509_V3,
      serialNumber(),
      RSA_PSS_SHA_256_ALGORITHM,
      issuer?.subject ?? subjectName,
      validity(options),
      subjectName,
      subjectKey,
      constructed(3, extensions(profile, issuerKey, subjectKey)),
    ),
  );
  const signature = await options.sign(toBeSigned);
  return Certificate.parse(
    encodeDer(sequence(toBeSigned, RSA_PSS_SHA_256_ALGORITHM, bitString(signature))),
  );
}

/** One common name that holds the node id, as a BMPString like the deployed peers'. */
function nameOf(key: Uint8Array): DerValue {
  const text = tagged(TAG.bmpString, Buffer.from(nodeIdOfKey(key), 'utf16le').swap16());
  return sequence(set(sequence(COMMON_NAME, text)));
}

/** Random, positive and never short, so that DER needs no other length. */
function serialNumber(): DerValue {
  const octets = randomBytes(SERIAL_NUMBER_OCTETS);
  octets[0] = ((octets[0] ?? 0) & 0x7f) | 0x40;
  return tagged(TAG.integer, octets);
}

function validity({ issuer, notBefore, notAfter }: IssuanceOptions): DerValue {
  const start = wholeSeconds(notBefore);
  const end = Math.min(wholeSeconds(notAfter), issuer?.notAfter.getTime() ?? Number.MAX_VALUE);
  if (end < start) {
    throw new RangeError(
      `a certificate cannot start at ${notBefore.toISOString()} and end at ${new Date(end).toISOString()}`,
    );
  }
  return sequence(time(new Date(start)), time(new Date(end)));
}

function wholeSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1_000) * 1_000;
}

function time(date: Date): DerValue {
  const digits = date.toISOString().replace(/\.\d+|[-:T]/g, '');
  return date.getUTCFullYear() < FIRST_GENERALIZED_YEAR
    ? tagged(TAG.utcTime, Buffer.from(digits.slice(2)))
    : tagged(TAG.generalizedTime, Buffer.from(digits));
}

function extensions({ pathLength }: Profile, issuerKey: Uint8Array, subjectKey: Uint8Array) {
  const constraints =
    pathLength === null ? sequence() : sequence(boolean(true), integer(pathLength));
  return sequence(
    extension(concatenated(BASIC_CONSTRAINTS, boolean(true)), constraints),
    extension(AUTHORITY_KEY_ID, sequence(implicit(0, keyId(issuerKey)))),
    extension(SUBJECT_KEY_ID, octetString(keyId(subjectKey))),
  );
}

function extension(idAndCriticality: DerPart, value: DerPart): DerValue {
  return sequence(idAndCriticality, octetString(value));
}

/** SHA-256 of the key: a node id without its leading zero. */
function keyId(key: Uint8Array): Uint8Array {
  return Buffer.from(nodeIdOfKey(key).slice(1), 'hex');
}
