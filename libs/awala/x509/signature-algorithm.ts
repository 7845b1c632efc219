import { isSameOctets } from '../der/octets.ts';
import { isOid, OIDS } from '../der/oids.ts';
import { readOid } from '../der/primitives.ts';
import { contextConstructed, DerReader, TAG } from '../der/reader.ts';
import { InvalidMessageError, MalformedMessageError } from '../errors.ts';
import type { Certificate } from './certificate.ts';
import { requireAllowedRsaKey } from './public-key.ts';
import { DIGEST_OCTETS, type HashName, verifyRsaPss } from './rsa-pss.ts';

const HASHES = [
  { oid: OIDS.sha256, name: 'sha256' },
  { oid: OIDS.sha384, name: 'sha384' },
  { oid: OIDS.sha512, name: 'sha512' },
] as const;

/** An accepted identifier. */
interface KnownAlgorithm {
  readonly identifier: Uint8Array;
  readonly hash: HashName;
}

/** There are few: each hash with and without NULLs. */
const knownHashAlgorithms: KnownAlgorithm[] = [];
const knownSignatureAlgorithms: KnownAlgorithm[] = [];

/**
 * Reads the AlgorithmIdentifier of a hash function; its parameters may be NULL or absent (RFC 5754
 * §2).
 *
 * @throws {InvalidMessageError} `algorithm`, for anything that RS-018 does not allow, such as SHA-1
 */
export function parseHashAlgorithm(identifier: Uint8Array): HashName {
  return parseOnce(identifier, readHashAlgorithm, knownHashAlgorithms);
}

/**
 * Reads the AlgorithmIdentifier of an RSA-PSS signature.
 *
 * @returns the hash of the message, which is also that of the mask; the salt is as long as its digest
 * @throws {InvalidMessageError} `algorithm`, for anything but what RS-018 allows
 * @see RFC 4055 §3.1
 */
function parseSignatureAlgorithm(identifier: Uint8Array): HashName {
  return parseOnce(identifier, readRsaPss, knownSignatureAlgorithms);
}

/**
 * Whether the subject signed `data`.
 *
 * @param algorithm - DER AlgorithmIdentifier of the signature
 * @throws {InvalidMessageError} `algorithm`, if RS-018 does not allow the algorithm or the key
 */
export function isSignedBy(
  subject: Certificate,
  algorithm: Uint8Array,
  data: Uint8Array,
  signature: Uint8Array,
): boolean {
  const hash = parseSignatureAlgorithm(algorithm);
  requireAllowedRsaKey(subject.rsaKeySize);
  return verifyRsaPss(subject.publicKey, data, signature, hash);
}

function parseOnce(
  identifier: Uint8Array,
  read: (reader: DerReader) => HashName,
  known: KnownAlgorithm[],
): HashName {
  for (const algorithm of known) {
    if (isSameOctets(algorithm.identifier, identifier)) {
      return algorithm.hash;
    }
  }
  try {
    const reader = new DerReader(identifier);
    const hash = read(reader);
    reader.finish();
    known.push({ identifier: identifier.slice(), hash });
    return hash;
  } catch (cause) {
    if (cause instanceof MalformedMessageError) {
      throw new InvalidMessageError('algorithm', 'Algorithm identifier is malformed', { cause });
    }
    throw cause;
  }
}

function readRsaPss(reader: DerReader): HashName {
  reader.enter(TAG.sequence);
  if (!isOid(readOid(reader), OIDS.rsaPss)) {
    throw new InvalidMessageError('algorithm', 'Signature algorithm is not RSA-PSS');
  }
  reader.enter(TAG.sequence);
  const hash = readParameter(reader, 0, readHashAlgorithm);
  const maskHash = readParameter(reader, 1, readMaskAlgorithm);
  const saltOctets = readParameter(reader, 2, () => reader.readSmallInteger());
  readTrailerField(reader);
  reader.leave();
  reader.leave();
  if (maskHash !== hash || saltOctets !== DIGEST_OCTETS[hash]) {
    throw new InvalidMessageError('algorithm', 'RSA-PSS parameters do not go with the hash');
  }
  return hash;
}

/** A missing parameter would mean SHA-1, or its salt length. */
function readParameter<T>(reader: DerReader, field: number, read: (reader: DerReader) => T): T {
  if (!reader.isNext(contextConstructed(field))) {
    throw new InvalidMessageError('algorithm', 'RSA-PSS parameters are left to the SHA-1 defaults');
  }
  reader.enter(contextConstructed(field));
  const value = read(reader);
  reader.leave();
  return value;
}

function readHashAlgorithm(reader: DerReader): HashName {
  reader.enter(TAG.sequence);
  const algorithm = readOid(reader);
  readOptionalNull(reader);
  reader.leave();
  const hash = HASHES.find(({ oid }) => isOid(algorithm, oid));
  if (!hash) {
    throw new InvalidMessageError('algorithm', 'Hash function is not of the SHA-2 family');
  }
  return hash.name;
}

function readMaskAlgorithm(reader: DerReader): HashName {
  reader.enter(TAG.sequence);
  if (!isOid(readOid(reader), OIDS.mgf1)) {
    throw new InvalidMessageError('algorithm', 'Mask generation function is not MGF1');
  }
  const hash = readHashAlgorithm(reader);
  reader.leave();
  return hash;
}

/** Accepted although DER omits defaults; 1 is the only value defined. */
function readTrailerField(reader: DerReader): void {
  if (!reader.isNext(contextConstructed(3))) {
    return;
  }
  reader.enter(contextConstructed(3));
  const field = reader.readSmallInteger();
  reader.leave();
  if (field !== 1) {
    throw new InvalidMessageError('algorithm', 'RSA-PSS trailer field is not 1');
  }
}

function readOptionalNull(reader: DerReader): void {
  if (reader.isNext(TAG.null) && reader.read(TAG.null).length > 0) {
    throw new InvalidMessageError('algorithm', 'Hash function has parameters');
  }
}
