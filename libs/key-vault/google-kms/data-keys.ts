import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '#clock/clock.ts';
import { assertChecksum, assertVerified, checksumOf, octets } from './integrity.ts';
import { type KmsCalls, KmsInputError } from './kms-calls.ts';

const KEY_OCTETS = 32;

/** Unwrapped keys kept at once; the one kept longest goes first. */
const MOST_KEPT = 1_000;

/** Seals under one data key: far below what random nonces allow (NIST SP 800-38D, 8.3). */
const MOST_SEALS = 2 ** 24;

/** Keeps what is wrapped here apart from anything else that the same key encrypts. */
const PURPOSE = Buffer.from('awala-gateway data key');

export interface DataKey {
  readonly key: Uint8Array;
  /** The key as Cloud KMS encrypted it. */
  readonly wrapped: Uint8Array;
}

interface DataKeysOptions {
  readonly clock: Clock;
  /** Resource name of the key that wraps. */
  readonly sealingKey: string;
  readonly lifeMs: number;
}

/**
 * Symmetric keys that Cloud KMS wraps: a call to it serves all secrets that are sealed
 * under the same one, and the keys are in memory for a bounded time.
 */
export class DataKeys implements Disposable {
  readonly #calls: KmsCalls;
  readonly #options: DataKeysOptions;
  readonly #unwrapped = new Map<string, { untilMs: number; key: Promise<Uint8Array> }>();
  /** One that Cloud KMS has unwrapped or wrapped, in whatever process; to see whether it still does. */
  #known: Uint8Array | null = null;
  #sealing: { untilMs: number; seals: number; dataKey: Promise<DataKey> } | undefined;

  constructor(calls: KmsCalls, options: DataKeysOptions) {
    this.#calls = calls;
    this.#options = options;
  }

  /** The key to seal with now. */
  async current(): Promise<DataKey> {
    const nowMs = this.#nowMs();
    if (!this.#sealing || this.#sealing.untilMs <= nowMs || this.#sealing.seals >= MOST_SEALS) {
      const untilMs = nowMs + this.#options.lifeMs;
      this.#sealing = { untilMs, seals: 0, dataKey: this.#create() };
    }
    const sealing = this.#sealing;
    sealing.seals++;
    try {
      return await sealing.dataKey;
    } catch (error) {
      if (this.#sealing === sealing) {
        this.#sealing = undefined;
      }
      throw error;
    }
  }

  /** @throws {KmsInputError} if `wrapped` is no data key of ours */
  async unwrap(wrapped: Uint8Array): Promise<Uint8Array> {
    const id = createHash('sha256').update(wrapped).digest('base64');
    this.#forgetExpired();
    const kept = this.#unwrapped.get(id);
    if (kept) {
      return kept.key;
    }
    const key = this.#decrypt(wrapped);
    this.#keep(id, key);
    try {
      return await key;
    } catch (error) {
      this.#unwrapped.delete(id);
      throw error;
    }
  }

  /** Has Cloud KMS wrap a key that nobody uses. */
  async tryWrapping(): Promise<void> {
    await this.#create();
  }

  /**
   * Has Cloud KMS unwrap a key anew. One that unwrapped none before only sees whether it may: whoever
   * must not is told so before it is looked at what there is to unwrap.
   */
  async tryUnwrapping(): Promise<void> {
    // Another may come to be known meanwhile.
    const known = this.#known;
    try {
      await this.#decrypt(known ?? Buffer.alloc(KEY_OCTETS));
    } catch (error) {
      if (known || !(error instanceof KmsInputError)) {
        throw error;
      }
    }
  }

  [Symbol.dispose](): void {
    this.#sealing = undefined;
    this.#unwrapped.clear();
  }

  #keep(id: string, key: Promise<Uint8Array>): void {
    this.#unwrapped.set(id, { untilMs: this.#nowMs() + this.#options.lifeMs, key });
    const oldest = this.#unwrapped.keys().next();
    if (this.#unwrapped.size > MOST_KEPT && !oldest.done) {
      this.#unwrapped.delete(oldest.value);
    }
  }

  /** All are kept for the same time, so those kept longest come first. */
  #forgetExpired(): void {
    const nowMs = this.#nowMs();
    for (const [id, { untilMs }] of this.#unwrapped) {
      if (untilMs > nowMs) {
        return;
      }
      this.#unwrapped.delete(id);
    }
  }

  async #create(): Promise<DataKey> {
    const plaintext = randomBytes(KEY_OCTETS);
    const wrapped = await this.#calls.call(async (client, options) => {
      const request = {
        name: this.#options.sealingKey,
        plaintext,
        plaintextCrc32c: checksumOf(plaintext),
        additionalAuthenticatedData: PURPOSE,
        additionalAuthenticatedDataCrc32c: checksumOf(PURPOSE),
      };
      const [answer] = await client.encrypt(request, options);
      const ciphertext = octets(answer.ciphertext);
      assertVerified('the data key', answer.verifiedPlaintextCrc32c);
      assertVerified('the purpose', answer.verifiedAdditionalAuthenticatedDataCrc32c);
      assertChecksum('the wrapped key', ciphertext, answer.ciphertextCrc32c);
      return ciphertext;
    });
    this.#known = wrapped;
    return { key: plaintext, wrapped };
  }

  #decrypt(wrapped: Uint8Array): Promise<Uint8Array> {
    return this.#calls.call(async (client, options) => {
      const request = {
        name: this.#options.sealingKey,
        ciphertext: wrapped,
        ciphertextCrc32c: checksumOf(wrapped),
        additionalAuthenticatedData: PURPOSE,
        additionalAuthenticatedDataCrc32c: checksumOf(PURPOSE),
      };
      const [answer] = await client.decrypt(request, options);
      const plaintext = octets(answer.plaintext);
      assertChecksum('the data key', plaintext, answer.plaintextCrc32c);
      this.#known = wrapped;
      return plaintext;
    });
  }

  #nowMs(): number {
    return this.#options.clock.elapsedMs();
  }
}
