import { type KeyObject, randomBytes } from 'node:crypto';
import { isOid, OIDS } from '../der/oids.ts';
import { contextConstructed, contextPrimitive, DerReader, TAG } from '../der/reader.ts';
import { InvalidMessageError, MalformedMessageError } from '../errors.ts';
import { MAX_CONTENT_SEGMENTS } from '../limits.ts';
import {
  checkSessionKeyId,
  curveOf,
  generateSessionKey,
  type SessionCurve,
  type SessionKey,
} from '../sessions/session-key.ts';
import {
  type CipherParameters,
  type Decrypted,
  decryptContent,
  readCipherParameters,
} from './content-decryption.ts';
import { unwrapKey } from './key-agreement.ts';
import { type RecipientInfo, readRecipientInfo, requireOid } from './recipient-info.ts';
import {
  algorithmOf,
  CIPHERS,
  type CipherAlgorithm,
  type ContentCipher,
} from './session-algorithms.ts';

/** A payload encrypted in a session, as it arrived. */
export interface EnvelopedData {
  /** Which of our keys it was encrypted for. */
  readonly recipientKeyId: Uint8Array;
  /** The sender's key, to encrypt the answer for. */
  readonly originatorKey: SessionKey;
  readonly cipher: ContentCipher;
  /**
   * Decrypts the payload, and does the same work whatever is wrong with keys, padding or tag. For
   * callers that handle sound and unsound plaintext alike, so that neither the answer nor its
   * timing tells the sender which it was: the cipher alone does not prove who wrote a payload.
   * Never throws.
   *
   * @param privateKey - the key that `recipientKeyId` names; null if there is none
   */
  attempt(privateKey: KeyObject | null): Decrypted;
  /**
   * Decrypts the payload. All failures look the same; what the caller then does with the plaintext
   * may not: see {@link attempt}.
   *
   * @param privateKey - the key that `recipientKeyId` names
   * @throws {InvalidMessageError} for every failure (`decryption`)
   */
  decrypt(privateKey: KeyObject): Uint8Array;
}

interface EncryptedContent {
  readonly cipher: CipherAlgorithm;
  readonly parameters: CipherParameters;
  /** The ciphertext, in the pieces that it came in. */
  readonly pieces: readonly Uint8Array[];
}

/** What key wrap adds to a key (RFC 3394). */
const KEY_WRAP_OCTETS = 8;

/** Unprotected attributes read; deployed peers attach one. */
const MAX_ATTRIBUTES = 16;

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
  requireOid(reader, OIDS.envelopedData);
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
    attempt: (privateKey) => attempt(recipient, content, privateKey),
    decrypt(privateKey) {
      const { octets, isSound } = attempt(recipient, content, privateKey);
      if (!isSound) {
        throw new InvalidMessageError('decryption', 'Payload cannot be decrypted');
      }
      return octets;
    },
  };
}

function attempt(
  recipient: RecipientInfo,
  { cipher, parameters, pieces }: EncryptedContent,
  privateKey: KeyObject | null,
): Decrypted {
  const agreed = privateKey ?? decoyFor(recipient.publicKey);
  const unwrapped = unwrappedOrNull(recipient, agreed, cipher.keyOctets);
  const key = unwrapped ?? randomBytes(cipher.keyOctets);
  const { octets, isSound } = decryptContent(pieces, { cipher, parameters, key });
  return { octets, isSound: isSound && unwrapped !== null && privateKey !== null };
}

function unwrappedOrNull(
  recipient: RecipientInfo,
  privateKey: KeyObject,
  keyOctets: number,
): Uint8Array | null {
  try {
    const key = unwrapKey(recipient.wrappedKey, { ...recipient, privateKey });
    return recipient.wrappedKey.length === keyOctets + KEY_WRAP_OCTETS ? key : null;
  } catch {
    return null;
  }
}

const decoys = new Map<SessionCurve, KeyObject>();

/** A key that nothing was encrypted for, to do the same work with. */
function decoyFor(publicKey: KeyObject): KeyObject {
  const curve = curveOf(publicKey) ?? 'prime256v1';
  const decoy = decoys.get(curve) ?? generateSessionKey(curve).privateKey;
  decoys.set(curve, decoy);
  return decoy;
}

function readEncryptedContent(reader: DerReader): EncryptedContent {
  reader.enterBer(TAG.sequence);
  requireOid(reader, OIDS.data);
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
