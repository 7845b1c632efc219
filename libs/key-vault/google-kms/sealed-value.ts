import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { DataKey } from './data-keys.ts';

const ALGORITHM = 'aes-256-gcm';
const VERSION = 1;
const HEAD_OCTETS = 3;
const NONCE_OCTETS = 12;
const TAG_OCTETS = 16;

/** The parts of a sealed value, as views into it. */
interface SealedParts {
  readonly wrapped: Uint8Array;
  readonly nonce: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly tag: Uint8Array;
}

/**
 * Seals under a data key: AES-256-GCM with a random nonce and the context as additional data. The
 * result is a version octet, the length of the wrapped data key in two octets, that key, the nonce,
 * the ciphertext and the tag: the vault needs nothing else to unseal it.
 */
export function sealValue({ key, wrapped }: DataKey, secret: Uint8Array, context: string): Buffer {
  const head = Buffer.of(VERSION, wrapped.length >>> 8, wrapped.length & 0xff);
  const nonce = randomBytes(NONCE_OCTETS);
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_OCTETS });
  cipher.setAAD(Buffer.from(context));
  const ciphertext = [cipher.update(secret), cipher.final()];
  return Buffer.concat([head, wrapped, nonce, ...ciphertext, cipher.getAuthTag()]);
}

/** @returns null if `sealed` does not have that form */
export function splitSealed(sealed: Uint8Array): SealedParts | null {
  const [version, high = 0, low = 0] = sealed;
  const nonceAt = HEAD_OCTETS + high * 256 + low;
  const ciphertextAt = nonceAt + NONCE_OCTETS;
  const tagAt = sealed.length - TAG_OCTETS;
  if (version !== VERSION || nonceAt === HEAD_OCTETS || tagAt < ciphertextAt) {
    return null;
  }
  return {
    wrapped: sealed.subarray(HEAD_OCTETS, nonceAt),
    nonce: sealed.subarray(nonceAt, ciphertextAt),
    ciphertext: sealed.subarray(ciphertextAt, tagAt),
    tag: sealed.subarray(tagAt),
  };
}

/** @returns null if the value was altered, or sealed under another key or context */
export function openSealed(parts: SealedParts, key: Uint8Array, context: string): Buffer | null {
  const decipher = createDecipheriv(ALGORITHM, key, parts.nonce, { authTagLength: TAG_OCTETS });
  decipher.setAAD(Buffer.from(context)).setAuthTag(parts.tag);
  const secret = decipher.update(parts.ciphertext);
  try {
    decipher.final();
    return secret;
  } catch {
    secret.fill(0);
    return null;
  }
}
