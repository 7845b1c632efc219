import { createPublicKey, type KeyObject } from 'node:crypto';
import { ignoreElement } from '../der/ignored.ts';
import { isOid, OIDS } from '../der/oids.ts';
import { readInteger, readOid } from '../der/primitives.ts';
import { DerReader, TAG } from '../der/reader.ts';
import { InvalidMessageError, MalformedMessageError } from '../errors.ts';
import { MAX_RSA_MODULUS_BITS, MIN_RSA_MODULUS_BITS, RSA_EXPONENTS } from '../limits.ts';

/** The sizes of an RSA public key, in bits and as a number. */
export interface RsaKeySize {
  readonly modulusBits: number;
  /** Infinite above 32 bits. */
  readonly exponent: number;
}

/**
 * Reads the size of an RSA public key.
 *
 * @param spki - a DER SubjectPublicKeyInfo, for any use (rsaEncryption) or for RSA-PSS only
 * @returns null for another kind of key
 * @throws {MalformedMessageError} if `spki` is no SubjectPublicKeyInfo, or claims an RSA key that
 * it does not hold
 * @see RFC 4055 §1.2, RFC 8017 §A.1.1
 */
export function rsaKeySizeOf(spki: Uint8Array): RsaKeySize | null {
  const reader = new DerReader(spki);
  reader.enter(TAG.sequence);
  reader.enter(TAG.sequence);
  const algorithm = readOid(reader);
  if (!reader.isAtEnd) {
    ignoreElement(reader);
  }
  reader.leave();
  const keyOctets = reader.readBitString();
  reader.leave();
  reader.finish();
  const isRsa = isOid(algorithm, OIDS.rsaEncryption) || isOid(algorithm, OIDS.rsaPss);
  return isRsa ? readRsaKeySize(new DerReader(keyOctets)) : null;
}

/**
 * Refuses a key that RS-018 does not allow.
 *
 * @param size - null for a key that is not RSA
 * @throws {InvalidMessageError} `algorithm`
 */
export function requireAllowedRsaKey(size: RsaKeySize | null): void {
  if (size === null) {
    throw new InvalidMessageError('algorithm', 'Key is not an RSA key');
  }
  const { modulusBits, exponent } = size;
  if (modulusBits < MIN_RSA_MODULUS_BITS || modulusBits > MAX_RSA_MODULUS_BITS) {
    throw new InvalidMessageError(
      'algorithm',
      `RSA key does not have ${MIN_RSA_MODULUS_BITS} to ${MAX_RSA_MODULUS_BITS} bits`,
    );
  }
  if (!RSA_EXPONENTS.includes(exponent)) {
    throw new InvalidMessageError('algorithm', 'RSA exponent is none of those in use');
  }
}

/**
 * Imports a public key.
 *
 * @param spki - a DER SubjectPublicKeyInfo
 * @throws {MalformedMessageError} if the key cannot be used
 */
export function importPublicKey(spki: Uint8Array): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch (cause) {
    throw new MalformedMessageError('Public key cannot be used', { cause });
  }
}

function readRsaKeySize(key: DerReader): RsaKeySize {
  key.enter(TAG.sequence);
  const modulusBits = bitLengthOf(readInteger(key));
  const exponent = numberOf(readInteger(key));
  key.leave();
  key.finish();
  return { modulusBits, exponent };
}

/** @param integer - content octets of a positive INTEGER */
function numberOf(integer: Uint8Array): number {
  return bitLengthOf(integer) > 32
    ? Number.POSITIVE_INFINITY
    : integer.reduce((value, octet) => value * 256 + octet, 0);
}

/** @param integer - content octets of a positive INTEGER */
function bitLengthOf(integer: Uint8Array): number {
  const first = integer[0] ?? 0x80;
  const isPadded = first === 0 && (integer[1] ?? 0) < 0x80;
  if (first >= 0x80 || isPadded) {
    throw new MalformedMessageError('RSA key has a number that is not positive or not minimal');
  }
  const top = first === 0 ? (integer[1] ?? 0) : first;
  const octetsBelow = integer.length - (first === 0 ? 2 : 1);
  return octetsBelow * 8 + (32 - Math.clz32(top));
}

/**
 * Imports the public key of a node.
 *
 * @param spki - DER SubjectPublicKeyInfo
 * @throws {MalformedMessageError} if it is not a public key
 * @throws {InvalidMessageError} if it is not an RSA key of a size that RS-018 allows (`algorithm`)
 */
export function parseIdentityKey(spki: Uint8Array): KeyObject {
  requireAllowedRsaKey(rsaKeySizeOf(spki));
  return importPublicKey(spki);
}
