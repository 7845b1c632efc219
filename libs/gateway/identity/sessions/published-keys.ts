import type { SessionKey, SessionKeyPair } from '#awala/sessions/session-key.ts';
import { CLOCK_DIFFERENCE_MS, GIVEN_KEY_RETENTION_MS, isInUse } from './session-key-dates.ts';
import {
  type SessionKeyPorts,
  type SessionKeyRecord,
  StoredSessionKeys,
} from './stored-session-keys.ts';

const PREFIX = 'published/';

/** The keys in `/connection-params.der`, which open for anybody: a new one every 30 days. */
export class PublishedKeys {
  readonly #parts: SessionKeyPorts;
  readonly #stored: StoredSessionKeys;
  #current: { readonly key: SessionKey; readonly createdAtMs: number } | null = null;
  #opening: Promise<SessionKey> | null = null;

  constructor(parts: SessionKeyPorts) {
    this.#parts = parts;
    this.#stored = new StoredSessionKeys(parts, {
      prefix: PREFIX,
      retentionMs: GIVEN_KEY_RETENTION_MS,
    });
  }

  /**
   * The key to publish; created at first use.
   *
   * @throws {BackingUnavailableError}
   */
  async current(): Promise<SessionKey> {
    const nowMs = this.#parts.clock.now().getTime();
    if (this.#current && isInUse(this.#current.createdAtMs, nowMs)) {
      return this.#current.key;
    }
    this.#opening ??= this.#open(nowMs).finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  /** @returns null if there is no such key */
  async open(keyId: Uint8Array): Promise<SessionKeyPair | null> {
    const record = await this.#stored.get(keyId);
    return record && this.#stored.unseal(record);
  }

  async #open(nowMs: number): Promise<SessionKey> {
    const newest = await this.#newest(nowMs);
    if (newest) {
      const { record, createdAtMs } = newest;
      const key = { id: this.#stored.keyIdOf(record), publicKey: record.fields.publicKey };
      this.#current = { key, createdAtMs };
      return key;
    }
    const { id, publicKey } = await this.#stored.create();
    const key = { id, publicKey };
    this.#current = { key, createdAtMs: nowMs };
    return key;
  }

  async #newest(nowMs: number) {
    let newest: { readonly record: SessionKeyRecord; readonly createdAtMs: number } | null = null;
    for await (const record of this.#stored.list()) {
      const createdAtMs = await this.#creationOf(record, nowMs);
      if (isInUse(createdAtMs, nowMs) && (!newest || createdAtMs > newest.createdAtMs)) {
        newest = { record, createdAtMs };
      }
    }
    return newest;
  }

  /**
   * A key dated in the future was made by a wrong clock. It counts as made now, or it would be
   * published for as long as the clock was off.
   */
  async #creationOf(record: SessionKeyRecord, nowMs: number): Promise<number> {
    const createdAtMs = record.fields.createdAt.getTime();
    if (createdAtMs <= nowMs + CLOCK_DIFFERENCE_MS) {
      return createdAtMs;
    }
    if ((this.#parts.plausibility?.doubt ?? null) === null) {
      await this.#stored.update(record, { createdAt: new Date(nowMs) });
    }
    return nowMs;
  }
}
