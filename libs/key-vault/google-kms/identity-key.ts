import { createHash, createPublicKey } from 'node:crypto';
import { BackingUnavailableError } from '#backing/errors.ts';
import { assertChecksum, assertVerified, checksumOf, IntegrityError, octets } from './integrity.ts';
import type { KmsCalls } from './kms-calls.ts';

/**
 * No 4 096 bits: the phone's certificate from us would push its CCA over the 6 000 octets of
 * metadata that Android couriers accept.
 */
const ALGORITHM = /^RSA_SIGN_PSS_(?:2048|3072)_SHA256$/;

/** The gateway's identity: a version of an asymmetric key in Cloud KMS. */
export class IdentityKey {
  readonly #calls: KmsCalls;
  readonly #name: string;
  #publicKey: Promise<Uint8Array> | undefined;

  constructor(calls: KmsCalls, name: string) {
    this.#calls = calls;
    this.#name = name;
  }

  /** Asks Cloud KMS once, as the key of a version never changes. */
  async publicKey(): Promise<Uint8Array> {
    this.#publicKey ??= this.#askPublicKey();
    try {
      return Uint8Array.from(await this.#publicKey);
    } catch (error) {
      this.#publicKey = undefined;
      throw error;
    }
  }

  async sign(data: Uint8Array): Promise<Uint8Array> {
    const sha256 = createHash('sha256').update(data).digest();
    return this.#calls.call(async (client, options) => {
      const request = { name: this.#name, digest: { sha256 }, digestCrc32c: checksumOf(sha256) };
      const [answer] = await client.asymmetricSign(request, options);
      const signature = octets(answer.signature);
      assertVerified('the digest', answer.verifiedDigestCrc32c);
      assertChecksum('the signature', signature, answer.signatureCrc32c);
      if (answer.name !== this.#name) {
        throw new IntegrityError('the name of the key');
      }
      return signature;
    });
  }

  async #askPublicKey(): Promise<Uint8Array> {
    const answer = await this.#calls.call(async (client, options) => {
      const [answer] = await client.getPublicKey({ name: this.#name }, options);
      assertChecksum('the public key', Buffer.from(answer.pem ?? ''), answer.pemCrc32c);
      return answer;
    });
    if (!ALGORITHM.test(String(answer.algorithm))) {
      const message = `${this.#name} is of ${answer.algorithm}; the identity needs RSA_SIGN_PSS_2048_SHA256`;
      throw new BackingUnavailableError('key-vault', message);
    }
    return createPublicKey(answer.pem ?? '').export({ type: 'spki', format: 'der' });
  }
}
