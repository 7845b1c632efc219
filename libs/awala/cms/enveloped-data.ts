import type { KeyObject } from 'node:crypto';
import { isOid, OIDS, type Oid, oid } from '../der/oids.ts';
import { contextConstructed, contextPrimitive, DerReader, TAG } from '../der/reader.ts';
import { bitString, encodeDer, objectIdentifier, sequence } from '../der/writer.ts';
import { InvalidMessageError, MalformedMessageError } from '../errors.ts';
import { MAX_CONTENT_SEGMENTS } from '../limits.ts';
import {
  checkSessionKeyId,
  parseSessionPublicKey,
  type SessionKey,
} from '../sessions/session-key.ts';
import {
  type CipherParameters,
  decryptContent,
  readCipherParameters,
} from './content-decryption.ts';
import { unwrapKey } from './key-agreement.ts';
import {
  algorithmOf,
  CIPHERS,
  type CipherAlgorithm,
  type ContentCipher,
  CURVES,
  type Curve,
  KEY_AGREEMENTS,
  KEY_WRAPS,
  type KeyAgreementAlgorithm,
  type KeyWrapAlgorithm,
} from './session-algorithms.ts';

/** A payload encrypted in a session, as it arrived. */
export interface EnvelopedData {
  /** Which of our keys it was encrypted for. */
  readonly recipientKeyId: Uint8Array;
  /** The sender's key: ours to encrypt the answer for. */
  readonly originatorKey: SessionKey;
  readonly cipher: ContentCipher;
  /**
   * Decrypts the payload. Nothing tells one failure from another, so that a
   * sender learns nothing by trying.
   *
   * @param privateKey - the key that `recipientKeyId` names
   * @throws {InvalidMessageError} if that does not work, for whatever reason (`decryption`)
   */
  decrypt(privateKey: KeyObject): Uint8Array;
}

interface RecipientInfo {
  readonly originatorSpki: Uint8Array;
  /** The same, ready for use. */
  readonly publicKey: KeyObject;
  readonly keyingMaterial: Uint8Array | null;
  readonly kdf: KeyAgreementAlgorithm;
  readonly wrap: KeyWrapAlgorithm;
  readonly wrapIdentifier: Uint8Array;
  readonly recipientKeyId: Uint8Array;
  readonly wrappedKey: Uint8Array;
}

interface EncryptedContent {
  readonly cipher: CipherAlgorithm;
  readonly parameters: CipherParameters;
  /** The ciphertext, in as many pieces as it came. */
  readonly pieces: readonly Uint8Array[];
}

/** What key wrap adds to a key (RFC 3394). */
const KEY_WRAP_OCTETS = 8;

/** User keying material; the deployed peers send 64 octets or none. */
const MAX_KEYING_MATERIAL_OCTETS = 1_024;

/** Unprotected attributes; the deployed peers attach one. */
const MAX_ATTRIBUTES = 16;

const EC_PUBLIC_KEY = oid('1.2.840.10045.2.1');

/**
 * Reads a CMS EnvelopedData with one KeyAgreeRecipientInfo, in BER or DER.
 *
 * @throws {MalformedMessageError} if it is anything else, or the key ids are missing
 * @throws {InvalidMessageError} if an algorithm is not among those of RS-018 (`algorithm`)
 * @see RS-003 "CMS EnvelopedData Representation", RFC 5753
 */
export function readEnvelopedData(octets: Uint8Array): EnvelopedData {
  const reader = new DerReader(octets);
  reader.enterBer(TAG.sequence);
  expectOid(reader, OIDS.envelopedData);
  reader.enterBer(contextConstructed(0));
  reader.enterBer(TAG.sequence);
  reader.readSmallInteger();
  reader.enterBer(TAG.set);
  const recipient = readRecipientInfo(reader);
  reader.leave();
  const content = readEncryptedContent(reader);
  const originatorKeyId = readOriginatorKeyId(reader);
  reader.leave();
  reader.leave();
  reader.leave();
  reader.finish();
  return {
    recipientKeyId: recipient.recipientKeyId,
    originatorKey: { id: originatorKeyId, publicKey: recipient.originatorSpki },
    cipher: content.cipher.name,
    decrypt: (privateKey) => decrypt(recipient, content, privateKey),
  };
}

function decrypt(
  recipient: RecipientInfo,
  { cipher, parameters, pieces }: EncryptedContent,
  privateKey: KeyObject,
): Uint8Array {
  try {
    if (recipient.wrappedKey.length !== cipher.keyOctets + KEY_WRAP_OCTETS) {
      throw new RangeError('the wrapped key is not as long as the cipher asks for');
    }
    const key = unwrapKey(recipient.wrappedKey, { ...recipient, privateKey });
    return decryptContent(pieces, { cipher, parameters, key });
  } catch {
    throw new InvalidMessageError('decryption', 'Payload cannot be decrypted');
  }
}

/** Reads a KeyAgreeRecipientInfo (RFC 5652 §6.2.2) with one recipient, who is named by key id. */
function readRecipientInfo(reader: DerReader): RecipientInfo {
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
 * Reads an OriginatorPublicKey. RFC 5753 §3.1.1 lets the curve be absent or
 * NULL; the length of the point tells it then.
 *
 * @returns the key as a DER SubjectPublicKeyInfo
 */
function readOriginatorKey(reader: DerReader): Uint8Array {
  reader.enterBer(contextConstructed(1));
  reader.enterBer(TAG.sequence);
  expectOid(reader, EC_PUBLIC_KEY);
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

function readEncryptedContent(reader: DerReader): EncryptedContent {
  reader.enterBer(TAG.sequence);
  expectOid(reader, OIDS.data);
  reader.enterBer(TAG.sequence);
  const cipher = algorithmOf(reader.read(TAG.oid), CIPHERS);
  const parameters = readCipherParameters(reader, cipher);
  reader.leave();
  const pieces = reader.isNext(contextPrimitive(0))
    ? [reader.read(contextPrimitive(0))]
    : readPieces(reader);
  reader.leave();
  return { cipher, parameters, pieces };
}

function readPieces(reader: DerReader): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  reader.enterBer(contextConstructed(0));
  while (!reader.isAtEnd && pieces.length < MAX_CONTENT_SEGMENTS) {
    pieces.push(reader.read(TAG.octetString));
  }
  reader.leave();
  return pieces;
}

/** Finds the originator's key id among the unprotected attributes. */
function readOriginatorKeyId(reader: DerReader): Uint8Array {
  let keyId: Uint8Array | null = null;
  reader.enterBer(contextConstructed(1));
  for (let count = 0; !reader.isAtEnd && count < MAX_ATTRIBUTES; count++) {
    reader.enterBer(TAG.sequence);
    if (isOid(reader.read(TAG.oid), OIDS.originatorKeyId)) {
      reader.enterBer(TAG.set);
      keyId = reader.read(TAG.octetString);
      reader.leave();
    } else {
      reader.readElement(TAG.set);
    }
    reader.leave();
  }
  reader.leave();
  if (!keyId) {
    throw new MalformedMessageError('Session key of the originator has no id');
  }
  checkSessionKeyId(keyId);
  return keyId;
}

function expectOid(reader: DerReader, expected: Oid): void {
  if (!isOid(reader.read(TAG.oid), expected)) {
    throw new MalformedMessageError(`Expected object identifier ${expected.dotted}`);
  }
}
