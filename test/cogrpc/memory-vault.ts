import { type KeyVault, SealBrokenError } from '#key-vault/port.ts';
import type { Identity } from '#test/builders/peers.ts';

/** A vault around a key that the test holds, which only binds secrets to their context. */
export class MemoryVault implements KeyVault {
  readonly #identity: Identity;
  /** How often the identity key was used. */
  signatures = 0;

  constructor(identity: Identity) {
    this.#identity = identity;
  }

  async publicKey(): Promise<Uint8Array> {
    return this.#identity.spki;
  }

  async sign(data: Uint8Array): Promise<Uint8Array> {
    this.signatures += 1;
    return this.#identity.sign(data);
  }

  async seal(secret: Uint8Array, context: string): Promise<Uint8Array> {
    return Buffer.concat([Buffer.from(`${context}\n`), secret]);
  }

  async unseal(sealed: Uint8Array, context: string): Promise<Uint8Array> {
    const prefix = Buffer.from(`${context}\n`);
    if (!prefix.equals(sealed.subarray(0, prefix.length))) {
      throw new SealBrokenError();
    }
    return sealed.subarray(prefix.length);
  }

  async check(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}
}
