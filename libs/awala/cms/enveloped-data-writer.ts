import { type CipherGCMTypes, createCipheriv, randomBytes } from 'node:crypto';
import { OIDS } from '../der/oids.ts';
import { contextConstructed } from '../der/reader.ts';
import {
  concatenated,
  constructed,
  type DerPart,
  DerRegion,
  type DerValue,
  encodeDer,
  implicit,
  integer,
  lengthOf,
  objectIdentifier,
  octetString,
  sequence,
  set,
} from '../der/writer.ts';
import { InvalidMessageError } from '../errors.ts';
import { freeOctets } from '../free-octets.ts';
import {
  curveOf,
  parseSessionPublicKey,
  type SessionKey,
  type SessionKeyPair,
} from '../sessions/session-key.ts';
import { wrapKey } from './key-agreement.ts';
import {
  CIPHERS,
  type CipherAlgorithm,
  type ContentCipher,
  KEY_AGREEMENTS,
  KEY_WRAPS,
} from './session-algorithms.ts';

/** The keys and cipher to encrypt with. */
export interface SessionEncryption {
  /** The peer's latest session key. */
  readonly recipientKey: SessionKey;
  /** Our session key, on the same curve, for the peer's answer. */
  readonly senderKey: SessionKeyPair;
  /** Defaults to `aes-128-cbc`, which every deployed peer reads. */
  readonly cipher?: ContentCipher;
}

/** An EnvelopedData laid out but not encrypted: encode `value`, then `encrypt`. */
interface UnencryptedEnvelope {
  /** The ContentInfo, for `encodeDer`, alone or inside something else. */
  readonly value: DerValue;
  /** Encrypts the content where `value` was encoded. */
  encrypt(): void;
}

const DATA = encodeDer(objectIdentifier(OIDS.data));
const ENVELOPED_DATA = encodeDer(objectIdentifier(OIDS.envelopedData));
const ORIGINATOR_KEY_ID = encodeDer(objectIdentifier(OIDS.originatorKeyId));
const BLOCK_OCTETS = 16;
const TAG_OCTETS = 16;
/** RFC 5084 §3.2: the length that every implementation supports. */
const NONCE_OCTETS = 12;
/**
 * Optional in RFC 5753, but JavaScript peers cannot decrypt without it; they write the same length.
 */
const KEYING_MATERIAL_OCTETS = 64;
/**
 * Octets passed to the cipher at once: a multiple of its block, small enough to be recycled
 * quickly.
 */
const STEP_OCTETS = 128 * 1_024;

/**
 * Encrypts `plaintext` for a peer, in a CMS EnvelopedData.
 *
 * @throws as {@link layOutEnvelopedData}
 */
export function encryptForSession(
  plaintext: DerPart,
  encryption: SessionEncryption,
): Uint8Array<ArrayBuffer> {
  const { value, encrypt } = layOutEnvelopedData(plaintext, encryption);
  const envelope = encodeDer(value);
  encrypt();
  return envelope;
}

/**
 * Lays out a CMS EnvelopedData whose plaintext is written where the ciphertext goes, and encrypted
 * in place.
 *
 * @throws {MalformedMessageError} if the recipient's key is not a public key
 * @throws {InvalidMessageError} if the recipient's key is not on the sender's curve, or on one that
 * RS-018 does not allow (`algorithm`)
 * @see RS-003 "CMS EnvelopedData Representation", RFC 5753
 */
export function layOutEnvelopedData(
  plaintext: DerPart,
  encryption: SessionEncryption,
): UnencryptedEnvelope {
  const cipher = cipherCalled(encryption.cipher ?? 'aes-128-cbc');
  const plaintextOctets = lengthOf(plaintext);
  const contentKey = randomBytes(cipher.keyOctets);
  const iv = randomBytes(cipher.mode === 'gcm' ? NONCE_OCTETS : BLOCK_OCTETS);
  const room = new DerRegion(
    concatenated(plaintext, new Uint8Array(expansion(cipher, plaintextOctets))),
  );
  const value = sequence(
    ENVELOPED_DATA,
    constructed(
      0,
      sequence(
        integer(2),
        set(recipientInfo(contentKey, encryption)),
        sequence(DATA, algorithmIdentifier(cipher, iv), implicit(0, room)),
        constructed(1, sequence(ORIGINATOR_KEY_ID, set(octetString(encryption.senderKey.id)))),
      ),
    ),
  );
  const encrypt = () => encryptInPlace(room.written, plaintextOctets, cipher, contentKey, iv);
  return { value, encrypt };
}

/** KeyAgreeRecipientInfo (RFC 5652 §6.2.2) for one recipient, identified by key id. */
function recipientInfo(contentKey: Uint8Array, encryption: SessionEncryption): DerValue {
  const { senderKey, recipientKey } = encryption;
  const recipientPublicKey = parseSessionPublicKey(recipientKey.publicKey);
  if (curveOf(recipientPublicKey) !== curveOf(senderKey.privateKey)) {
    throw new InvalidMessageError('algorithm', 'Session keys are on different curves');
  }
  const wrap = KEY_WRAPS.find(({ keyOctets }) => keyOctets === contentKey.length) ?? KEY_WRAPS[2];
  const wrapIdentifier = encodeDer(sequence(objectIdentifier(wrap.oid)));
  const kdf = KEY_AGREEMENTS[0];
  const keyingMaterial = randomBytes(KEYING_MATERIAL_OCTETS);
  const wrappedKey = wrapKey(contentKey, {
    privateKey: senderKey.privateKey,
    publicKey: recipientPublicKey,
    kdf,
    wrap,
    wrapIdentifier,
    keyingMaterial,
  });
  return constructed(
    1,
    integer(3),
    constructed(0, originatorKey(senderKey)),
    constructed(1, octetString(keyingMaterial)),
    sequence(objectIdentifier(kdf.oid), wrapIdentifier),
    sequence(sequence(constructed(0, octetString(recipientKey.id)), octetString(wrappedKey))),
  );
}

/** `[1] IMPLICIT OriginatorPublicKey`: a SubjectPublicKeyInfo under another tag. */
function originatorKey({ publicKey }: SessionKey): Uint8Array {
  const retagged = Uint8Array.from(publicKey);
  retagged[0] = contextConstructed(1);
  return retagged;
}

function algorithmIdentifier(cipher: CipherAlgorithm, iv: Uint8Array): DerValue {
  const parameters =
    cipher.mode === 'gcm' ? sequence(octetString(iv), integer(TAG_OCTETS)) : octetString(iv);
  return sequence(objectIdentifier(cipher.oid), parameters);
}

/** Octets that encryption adds: the padding, or the tag. */
function expansion(cipher: CipherAlgorithm, plaintextOctets: number): number {
  return cipher.mode === 'gcm' ? TAG_OCTETS : BLOCK_OCTETS - (plaintextOctets % BLOCK_OCTETS);
}

function encryptInPlace(
  room: Uint8Array,
  plaintextOctets: number,
  { name, mode }: CipherAlgorithm,
  key: Uint8Array,
  iv: Uint8Array,
): void {
  const gcm = mode === 'gcm' ? createCipheriv(name as CipherGCMTypes, key, iv) : null;
  const cipher = gcm ?? createCipheriv(name, key, iv);
  let written = 0;
  const write = (octets: Uint8Array) => {
    room.set(octets, written);
    written += octets.length;
  };
  for (let at = 0; at < plaintextOctets; at += STEP_OCTETS) {
    const step = cipher.update(room.subarray(at, Math.min(at + STEP_OCTETS, plaintextOctets)));
    write(step);
    freeOctets(step);
  }
  write(cipher.final());
  if (gcm) {
    write(gcm.getAuthTag());
  }
}

function cipherCalled(name: ContentCipher): CipherAlgorithm {
  const cipher = CIPHERS.find((each) => each.name === name);
  if (!cipher) {
    throw new RangeError(`unknown cipher ${name}`);
  }
  return cipher;
}
