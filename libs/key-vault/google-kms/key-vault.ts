import { Proofs } from '#backing/proofs.ts';
import { type Clock, systemClock } from '#clock/clock.ts';
import { type KeyVault, MAX_SECRET_OCTETS, SealBrokenError, type VaultNeed } from '../port.ts';
import { DataKeys } from './data-keys.ts';
import { IdentityKey } from './identity-key.ts';
import { KmsCalls, KmsInputError } from './kms-calls.ts';
import type { GoogleKmsOptions } from './options.ts';
import { openSealed, sealValue, splitSealed } from './sealed-value.ts';

/** How long a data key seals new secrets, and how long an unwrapped one stays in memory. */
const DATA_KEY_LIFE_MS = 3_600_000;
/** A signature this recent proves that the vault can sign; each costs money. */
const SIGNED_FOR_MS = 60_000;
/** The same for data keys, whose calls cost money too. */
const WRAPPED_FOR_MS = 600_000;

/**
 * Keeps the identity key, and the key that wraps data keys, in Cloud KMS, which they never leave.
 *
 * A signature is one call. Secrets are sealed here, under data keys that Cloud KMS wraps: one call
 * an hour to seal, and one to unseal for each data key not in memory.
 */
export class GoogleKmsVault implements KeyVault {
  readonly #calls: KmsCalls;
  readonly #identity: IdentityKey;
  readonly #dataKeys: DataKeys;
  readonly #clock: Clock;
  readonly #proofs: Proofs<VaultNeed>;

  constructor(options: GoogleKmsOptions) {
    this.#clock = options.clock ?? systemClock;
    this.#calls = new KmsCalls(options);
    this.#identity = new IdentityKey(this.#calls, options.identityKeyVersion);
    this.#dataKeys = new DataKeys(this.#calls, {
      clock: this.#clock,
      sealingKey: options.sealingKey,
      lifeMs: DATA_KEY_LIFE_MS,
    });
    this.#proofs = new Proofs(this.#clock, {
      sign: { probe: () => this.#identity.sign(Buffer.of()), validMs: SIGNED_FOR_MS },
      seal: { probe: () => this.#dataKeys.tryWrapping(), validMs: WRAPPED_FOR_MS },
      unseal: { probe: () => this.#dataKeys.tryUnwrapping(), validMs: WRAPPED_FOR_MS },
    });
  }

  async publicKey(): Promise<Uint8Array> {
    this.#calls.assertOpen();
    return this.#identity.publicKey();
  }

  async sign(data: Uint8Array): Promise<Uint8Array> {
    return this.#proofs.shownBy('sign', () => this.#identity.sign(data));
  }

  async seal(secret: Uint8Array, context: string): Promise<Uint8Array> {
    this.#calls.assertOpen();
    if (secret.length > MAX_SECRET_OCTETS) {
      throw new RangeError(`a secret of ${secret.length} octets is over ${MAX_SECRET_OCTETS}`);
    }
    const dataKey = await this.#proofs.heed('seal', () => this.#dataKeys.current());
    return sealValue(dataKey, secret, context);
  }

  async unseal(sealed: Uint8Array, context: string): Promise<Uint8Array> {
    this.#calls.assertOpen();
    const parts = splitSealed(sealed);
    const key = parts && (await this.#unwrap(parts.wrapped));
    const secret = key && openSealed(parts, key, context);
    if (!secret) {
      throw new SealBrokenError();
    }
    return secret;
  }

  async check(needs: readonly VaultNeed[] = ['sign']): Promise<void> {
    this.#calls.assertOpen();
    await this.#proofs.check(needs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#dataKeys[Symbol.dispose]();
    await this.#calls[Symbol.asyncDispose]();
  }

  async #unwrap(wrapped: Uint8Array): Promise<Uint8Array> {
    try {
      return await this.#proofs.heed('unseal', () => this.#dataKeys.unwrap(wrapped));
    } catch (error) {
      throw error instanceof KmsInputError ? new SealBrokenError({ cause: error }) : error;
    }
  }
}
