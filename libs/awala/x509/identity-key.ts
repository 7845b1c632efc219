import type { KeyObject } from 'node:crypto';
import { importPublicKey, requireAllowedRsaKey, rsaKeySizeOf } from './public-key.ts';

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
