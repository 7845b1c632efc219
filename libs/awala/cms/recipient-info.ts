import type { KeyObject } from 'node:crypto';
import { isOid, type Oid, oid } from '../der/oids.ts';
import { contextConstructed, DerReader, TAG } from '../der/reader.ts';
import { bitString, encodeDer, objectIdentifier, sequence } from '../der/writer.ts';
import { InvalidMessageError, MalformedMessageError } from '../errors.ts';
import { checkSessionKeyId, parseSessionPublicKey } from '../sessions/session-key.ts';
import {
  algorithmOf,
  CURVES,
  type Curve,
  KEY_AGREEMENTS,
  KEY_WRAPS,
  type KeyAgreementAlgorithm,
  type KeyWrapAlgorithm,
} from './session-algorithms.ts';

/** Carries the content key to the one recipient: a KeyAgreeRecipientInfo (RFC 5652 §6.2.2). */
export interface RecipientInfo {
  /** The sender's session key, as a DER SubjectPublicKeyInfo. */
  readonly originatorSpki: Uint8Array;
  /** The same key, imported. */
  readonly publicKey: KeyObject;
  readonly keyingMaterial: Uint8Array | null;
  readonly kdf: KeyAgreementAlgorithm;
  readonly wrap: KeyWrapAlgorithm;
  /** DER AlgorithmIdentifier of `wrap`, as it came. */
  readonly wrapIdentifier: Uint8Array;
  readonly recipientKeyId: Uint8Array;
  readonly wrappedKey: Uint8Array;
}

/** User keying material; the deployed peers send 64 octets or none. */
const MAX_KEYING_MATERIAL_OCTETS = 1_024;

const EC_PUBLIC_KEY = oid('1.2.840.10045.2.1');

/**
 * Reads a KeyAgreeRecipientInfo with one recipient, who is named by key id.
 *
 * @throws {MalformedMessageError} if it is anything else
 * @throws {InvalidMessageError} if RS-018 does not allow an algorithm or the curve (`algorithm`)
 */
export function readRecipientInfo(reader: DerReader): RecipientInfo {
  reader.enterBer(contextConstructed(1));
  reader.readSmallInteger();
  reader.enterBer(contextConstructed(0));
  const originatorSpki = readOriginatorKey(reader);
  reader.leave();
  const keyingMaterial = readKeyingMaterial(reader);
  reader.enterBer(TAG.sequence);
  const kdf = algorithmOf(reader.read(TAG.oid), KEY_AGREEMENTS);
  const wrapIdentifier = reader.readElement(TAG.sequence);
  reader.leave();
  reader.enterBer(TAG.sequence);
  reader.enterBer(TAG.sequence);
  reader.enterBer(contextConstructed(0));
  const recipientKeyId = reader.read(TAG.octetString);
  reader.leave();
  const wrappedKey = reader.read(TAG.octetString);
  reader.leave();
  reader.leave();
  reader.leave();
  checkSessionKeyId(recipientKeyId);
  return {
    originatorSpki,
    publicKey: parseSessionPublicKey(originatorSpki),
    keyingMaterial,
    kdf,
    wrap: readKeyWrap(wrapIdentifier),
    wrapIdentifier,
    recipientKeyId,
    wrappedKey,
  };
}

function readKeyWrap(identifier: Uint8Array): KeyWrapAlgorithm {
  const reader = new DerReader(identifier);
  reader.enter(TAG.sequence);
  const wrap = algorithmOf(reader.read(TAG.oid), KEY_WRAPS);
  if (reader.isNext(TAG.null)) {
    reader.read(TAG.null);
  }
  reader.leave();
  return wrap;
}

/**
 * Reads an OriginatorPublicKey. RFC 5753 §3.1.1 allows the curve to be absent or NULL; then the
 * point's length determines it.
 *
 * @returns the key as a DER SubjectPublicKeyInfo
 */
function readOriginatorKey(reader: DerReader): Uint8Array {
  reader.enterBer(contextConstructed(1));
  reader.enterBer(TAG.sequence);
  requireOid(reader, EC_PUBLIC_KEY);
  const curve = reader.isNext(TAG.oid) ? algorithmOf(reader.read(TAG.oid), CURVES) : null;
  if (reader.isNext(TAG.null)) {
    reader.read(TAG.null);
  }
  reader.leave();
  const point = reader.readBitString();
  reader.leave();
  const algorithm = sequence(
    objectIdentifier(EC_PUBLIC_KEY),
    objectIdentifier((curve ?? curveOfPoint(point)).oid),
  );
  return encodeDer(sequence(algorithm, bitString(point)));
}

function curveOfPoint(point: Uint8Array): Curve {
  const curve = CURVES.find(({ fieldOctets }) => point.length === 1 + 2 * fieldOctets);
  if (!curve) {
    throw new InvalidMessageError('algorithm', 'Session key is not on P-256, P-384 or P-521');
  }
  return curve;
}

function readKeyingMaterial(reader: DerReader): Uint8Array | null {
  if (!reader.isNext(contextConstructed(1))) {
    return null;
  }
  reader.enterBer(contextConstructed(1));
  const material = reader.read(TAG.octetString);
  reader.leave();
  if (material.length > MAX_KEYING_MATERIAL_OCTETS) {
    throw new MalformedMessageError(
      `Keying material spans more than ${MAX_KEYING_MATERIAL_OCTETS} octets`,
    );
  }
  return material;
}

/**
 * Reads an object identifier.
 *
 * @throws {MalformedMessageError} if it is not `expected`
 */
export function requireOid(reader: DerReader, expected: Oid): void {
  if (!isOid(reader.read(TAG.oid), expected)) {
    throw new MalformedMessageError(`Expected object identifier ${expected.dotted}`);
  }
}
