import { createPublicKey, type KeyObject } from 'node:crypto';
import { InvalidMessageError, MalformedMessageError } from '../errors.ts';
import { MAX_RSA_EXPONENT_BITS, MAX_RSA_MODULUS_BITS, MIN_RSA_MODULUS_BITS } from '../limits.ts';
import { rsaKeySizeOf } from './public-key.ts';

/**
 * Reads the public key of a node.
 *
 * @param spki - DER SubjectPublicKeyInfo
 * @throws {MalformedMessageError} if it is not a public key
 * @throws {InvalidMessageError} if it is not an RSA key of a size that RS-018 allows (`algorithm`)
 */
export function parseIdentityKey(spki: Uint8Array): KeyObject {
  const size = rsaKeySizeOf(spki);
  const isAllowed =
    size &&
    size.modulusBits >= MIN_RSA_MODULUS_BITS &&
    size.modulusBits <= MAX_RSA_MODULUS_BITS &&
    size.exponentBits <= MAX_RSA_EXPONENT_BITS;
  if (!isAllowed) {
    throw new InvalidMessageError(
      'algorithm',
      'Identity key is not an RSA key of 2048 to 4096 bits',
    );
  }
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch (cause) {
    throw new MalformedMessageError('Identity key cannot be used', { cause });
  }
}
