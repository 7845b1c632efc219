import { createCipheriv, createDecipheriv, diffieHellman, hash, type KeyObject } from 'node:crypto';
import { constructed, encodeDer, octetString, sequence } from '../der/writer.ts';
import type { KeyAgreementAlgorithm, KeyWrapAlgorithm } from './session-algorithms.ts';

interface KeyAgreement {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly kdf: KeyAgreementAlgorithm;
  readonly wrap: KeyWrapAlgorithm;
  /** DER AlgorithmIdentifier of `wrap`, octet for octet as in the message. */
  readonly wrapIdentifier: Uint8Array;
  /** `ukm` of the recipient info, if it has one. */
  readonly keyingMaterial: Uint8Array | null;
}

/** Initial value of the key wrap (RFC 3394 §2.2.3.1). */
const WRAP_IV = Buffer.alloc(8, 0xa6);

/**
 * Encrypts a content key under the secret agreed on.
 *
 * @throws whatever `node:crypto` does if the two keys are not on the same curve
 */
export function wrapKey(contentKey: Uint8Array, agreement: KeyAgreement): Uint8Array {
  const cipher = createCipheriv(agreement.wrap.name, keyEncryptionKey(agreement), WRAP_IV);
  return Buffer.concat([cipher.update(contentKey), cipher.final()]);
}

/**
 * Decrypts a content key.
 *
 * @throws whatever `node:crypto` does if the key was not wrapped under this agreement, or the two
 *   keys are not on the same curve
 */
export function unwrapKey(wrappedKey: Uint8Array, agreement: KeyAgreement): Uint8Array {
  const decipher = createDecipheriv(agreement.wrap.name, keyEncryptionKey(agreement), WRAP_IV);
  return Buffer.concat([decipher.update(wrappedKey), decipher.final()]);
}

/** The X9.63 key derivation function over the shared secret (RFC 5753 §7.2, SEC 1 §3.6.1). */
function keyEncryptionKey(agreement: KeyAgreement): Uint8Array {
  const { privateKey, publicKey, kdf, wrap } = agreement;
  const secret = diffieHellman({ privateKey, publicKey });
  // The key is at most as long as the hash, so the function's counter stays at one.
  const input = Buffer.concat([secret, Buffer.of(0, 0, 0, 1), sharedInfo(agreement)]);
  return hash(kdf.hash, input, 'buffer').subarray(0, wrap.keyOctets);
}

/** ECC-CMS-SharedInfo (RFC 5753 §7.2). */
function sharedInfo({ wrap, wrapIdentifier, keyingMaterial }: KeyAgreement): Uint8Array {
  const keyBits = Buffer.alloc(4);
  keyBits.writeUInt32BE(wrap.keyOctets * 8);
  return encodeDer(
    sequence(
      wrapIdentifier,
      ...(keyingMaterial ? [constructed(0, octetString(keyingMaterial))] : []),
      constructed(2, octetString(keyBits)),
    ),
  );
}
