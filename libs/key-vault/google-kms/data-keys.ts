import { createHash, randomBytes } from 'node:crypto';
import { LookUps } from '#bounds/look-ups.ts';
import type { Clock } from '#clock/clock.ts';
import { assertChecksum, assertVerified, checksumOf, octets } from './integrity.ts';
import { type KmsCalls, KmsInputError } from './kms-calls.ts';

const KEY_OCTETS = 32;

/** Unwrapped keys kept at once. */
const MOST_KEPT = 1_000;

/** Seals per data key: far fewer than random nonces allow (NIST SP 800-38D, 8.3). */
const MOST_SEALS = 2 ** 24;

/** Separates what is wrapped here from anything else encrypted under the same key. */
const PURPOSE = Buffer.from('awala-gateway data key');

/** A symmetric key, plain and as wrapped by Cloud KMS. */
export interface DataKey {
  readonly key: Uint8Array;
  /** The key as Cloud KMS encrypted it. */
  readonly wrapped: Uint8Array;
}

interface DataKeysOptions {
  readonly clock: Clock;
  /** Resource name of the wrapping key. */
  readonly sealingKey: string;
  /** How long a key stays in memory, in use or not. */
  readonly lifeMs: number;
}

/** What new secrets are sealed with. */
interface Sealing {
  readonly untilMs: number;
  readonly dataKey: Promise<DataKey>;
  seals: number;
}

/**
 * Caches symmetric keys that Cloud KMS wraps: one call serves every secret sealed under the same
 * key, and each key stays in memory for a bounded time.
 */
export class DataKeys implements Disposable {
  readonly #calls: KmsCalls;
  readonly #options: DataKeysOptions;
  readonly #unwrapped: LookUps<Uint8Array>;
  /** A wrapped key known to be valid, for {@link DataKeys.tryUnwrapping}. */
  #known: Uint8Array | null = null;
  #sealing: Sealing | undefined;

  constructor(calls: KmsCalls, options: DataKeysOptions) {
    this.#calls = calls;
    this.#options = options;
    this.#unwrapped = new LookUps(options.clock, MOST_KEPT);
  }

  /** Returns the key to seal with now. */
  current(): Promise<DataKey> {
    const nowMs = this.#nowMs();
    if (!this.#sealing || this.#sealing.untilMs <= nowMs || this.#sealing.seals >= MOST_SEALS) {
      this.#sealing = this.#begin(nowMs + this.#options.lifeMs);
    }
    this.#sealing.seals++;
    return this.#sealing.dataKey;
  }

  /** @throws {KmsInputError} if `wrapped` is not one of our data keys */
  async unwrap(wrapped: Uint8Array): Promise<Uint8Array> {
    const id = createHash('sha256').update(wrapped).digest('base64');
    const untilMs = this.#nowMs() + this.#options.lifeMs;
    return this.#unwrapped.get(id, async () => {
      const value = await this.#decrypt(wrapped);
      return { value, forMs: this.#forgetAt(untilMs, () => this.#unwrapped.forget(id)) };
    });
  }

  /** Asks Cloud KMS to wrap a key that nobody uses. */
  async tryWrapping(): Promise<void> {
    await this.#create();
  }

  /**
   * Asks Cloud KMS to unwrap a key. Where none is known yet, it only finds out whether this process
   * may: Cloud KMS checks permission before the input.
   */
  async tryUnwrapping(): Promise<void> {
    // Another call may set it meanwhile.
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

  #begin(untilMs: number): Sealing {
    const sealing = { untilMs, seals: 0, dataKey: this.#create() };
    const forget = () => {
      if (this.#sealing === sealing) {
        this.#sealing = undefined;
      }
    };
    sealing.dataKey.then(() => this.#forgetAt(untilMs, forget), forget);
    return sealing;
  }

  /** @returns how long until then */
  #forgetAt(untilMs: number, forget: () => void): number {
    const forMs = untilMs - this.#nowMs();
    this.#options.clock.schedule(forMs, forget);
    return forMs;
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
