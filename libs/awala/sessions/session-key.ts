import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { contextConstructed, contextPrimitive, type DerReader } from '../der/reader.ts';
import { constructed, type DerValue, implicit } from '../der/writer.ts';
import { InvalidMessageError, MalformedMessageError } from '../errors.ts';
import { importPublicKey } from '../x509/public-key.ts';

/**
 * Public half of an ECDH key with which a node agrees on secrets.
 *
 * @see RS-003
 */
export interface SessionKey {
  /** 1 to 64 octets; deployed peers use eight random ones. */
  readonly id: Uint8Array;
  /** DER SubjectPublicKeyInfo on P-256, P-384 or P-521. */
  readonly publicKey: Uint8Array;
}

/** A session key with its private half. */
export interface SessionKeyPair extends SessionKey {
  readonly privateKey: KeyObject;
}

/** As OpenSSL names P-256, P-384 and P-521, the curves that RS-018 allows. */
export type SessionCurve = 'prime256v1' | 'secp384r1' | 'secp521r1';

const MAX_SESSION_KEY_ID_OCTETS = 64;

const CURVES: readonly SessionCurve[] = ['prime256v1', 'secp384r1', 'secp521r1'];
const ID_OCTETS = 8;

/** Makes a new key with a random id. */
export function generateSessionKey(curve: SessionCurve = 'prime256v1'): SessionKeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: curve });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return { id: randomBytes(ID_OCTETS), publicKey: spki, privateKey };
}

/** Writes the private key as PKCS #8, to be sealed before it is stored. */
export function serialiseSessionPrivateKey({ privateKey }: SessionKeyPair): Uint8Array {
  return privateKey.export({ type: 'pkcs8', format: 'der' });
}

/**
 * Restores what {@link serialiseSessionPrivateKey} wrote.
 *
 * @throws {MalformedMessageError} if `pkcs8` is not a private key on a curve that RS-018 allows
 */
export function parseSessionKeyPair(id: Uint8Array, pkcs8: Uint8Array): SessionKeyPair {
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' });
  } catch (cause) {
    throw new MalformedMessageError('Not a private key', { cause });
  }
  if (!curveOf(privateKey)) {
    throw new MalformedMessageError('Not a private session key');
  }
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  return { id, publicKey, privateKey };
}

/**
 * Reads a session public key.
 *
 * @param spki - DER SubjectPublicKeyInfo
 * @throws {MalformedMessageError} if it is not a public key
 * @throws {InvalidMessageError} if it is not on a curve that RS-018 allows (`algorithm`)
 */
export function parseSessionPublicKey(spki: Uint8Array): KeyObject {
  const key = importPublicKey(spki);
  if (!curveOf(key)) {
    throw new InvalidMessageError('algorithm', 'Session key is not on P-256, P-384 or P-521');
  }
  return key;
}

/** The curve of a session key, public or private; null if RS-018 does not allow it. */
export function curveOf(key: KeyObject): SessionCurve | null {
  const name = key.asymmetricKeyDetails?.namedCurve;
  return CURVES.find((curve) => curve === name) ?? null;
}

/** Writes a session key as field `[number]` of a registration or of connection parameters. */
export function sessionKeyDer(key: SessionKey, number: number): DerValue {
  return constructed(number, implicit(0, key.id), implicit(1, key.publicKey));
}

/**
 * Reads what {@link sessionKeyDer} writes.
 *
 * @throws as {@link parseSessionPublicKey}
 */
export function readSessionKey(reader: DerReader, number: number): SessionKey {
  reader.enter(contextConstructed(number));
  const id = reader.read(contextPrimitive(0));
  const publicKey = reader.read(contextPrimitive(1));
  reader.leave();
  checkSessionKeyId(id);
  parseSessionPublicKey(publicKey);
  return { id, publicKey };
}

/**
 * Checks the length of a session key's id.
 *
 * @throws {MalformedMessageError} if it is empty, or longer than any peer's
 */
export function checkSessionKeyId(id: Uint8Array): void {
  if (id.length === 0 || id.length > MAX_SESSION_KEY_ID_OCTETS) {
    throw new MalformedMessageError(
      `Session key id must have 1 to ${MAX_SESSION_KEY_ID_OCTETS} octets`,
    );
  }
}
