import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
const VERSION = 1;
const NONCE_OCTETS = 12;
const TAG_OCTETS = 16;

/** Length of a sealing key, in octets. */
export const SEALING_KEY_OCTETS = 32;

/**
 * Seals values under one key: AES-256-GCM with a random nonce and the context as additional data. A
 * sealed value is a version octet, the nonce, the ciphertext and the tag.
 *
 * A value sealed for one purpose cannot be unsealed for another. Random nonces allow some 2^32
 * seals per purpose (NIST SP 800-38D, 8.3).
 */
export class Sealer {
  readonly #key: Uint8Array;

  /**
   * @param sealingKey - {@link SEALING_KEY_OCTETS} random octets
   * @param purpose - a constant; the purpose's own key is derived from it and `sealingKey`
   */
  constructor(sealingKey: Uint8Array, purpose: string) {
    const derived = hkdfSync('sha256', sealingKey, '', purpose, SEALING_KEY_OCTETS);
    this.#key = new Uint8Array(derived);
  }

  seal(secret: Uint8Array, context: string): Buffer {
    const nonce = randomBytes(NONCE_OCTETS);
    const cipher = createCipheriv(ALGORITHM, this.#key, nonce, { authTagLength: TAG_OCTETS });
    cipher.setAAD(Buffer.from(context));
    const ciphertext = [cipher.update(secret), cipher.final()];
    return Buffer.concat([Buffer.of(VERSION), nonce, ...ciphertext, cipher.getAuthTag()]);
  }

  /** @returns null unless this sealed it, unaltered, under that context */
  unseal(sealed: Uint8Array, context: string): Buffer | null {
    const ciphertextAt = 1 + NONCE_OCTETS;
    const tagAt = sealed.length - TAG_OCTETS;
    if (tagAt < ciphertextAt || sealed[0] !== VERSION) {
      return null;
    }
    const nonce = sealed.subarray(1, ciphertextAt);
    const decipher = createDecipheriv(ALGORITHM, this.#key, nonce, { authTagLength: TAG_OCTETS });
    decipher.setAAD(Buffer.from(context)).setAuthTag(sealed.subarray(tagAt));
    const secret = decipher.update(sealed.subarray(ciphertextAt, tagAt));
    try {
      decipher.final();
    } catch {
      secret.fill(0);
      return null;
    }
    return secret;
  }

  /** Forgets the key; nothing can be sealed or unsealed afterwards. */
  destroy(): void {
    this.#key.fill(0);
  }
}
