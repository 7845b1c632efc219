import type { SessionKeyPair } from '#awala/sessions/session-key.ts';
import type { Certificate } from '#awala/x509/certificate.ts';
import { ISSUANCE_BACKDATING_MS } from '../identity.ts';
import { GIVEN_KEY_RETENTION_MS, KEY_USE_MS } from './session-key-dates.ts';
import {
  type SessionKeyPorts,
  type SessionKeyRecord,
  StoredSessionKeys,
} from './stored-session-keys.ts';

const PREFIX = 'initial/';

/**
 * How long processes of an older version may still give a key away after a newer one has started.
 */
const CHANGEOVER_MS = 7 * 86_400_000;

type OpenedFormerKey = SessionKeyPair & {
  /** Whether the key may have been given to the holder of that certificate. */
  readonly isAccepted: boolean;
};

/**
 * The keys that older versions gave to every node alike. They open for anybody, so each is accepted
 * only under certificates issued while it was given away.
 *
 * The first process of this version to see a key writes the end of that time into the key's record,
 * where it lives as long as the key. That also makes the key look too old to older versions: after
 * a rollback, they make a new one, which ends when this version is back.
 */
export class FormerKeys {
  readonly #parts: SessionKeyPorts;
  readonly #stored: StoredSessionKeys;

  constructor(parts: SessionKeyPorts) {
    this.#parts = parts;
    this.#stored = new StoredSessionKeys(parts, {
      prefix: PREFIX,
      retentionMs: GIVEN_KEY_RETENTION_MS,
    });
  }

  /**
   * Ends the giving away of all existing keys.
   *
   * @throws {BackingUnavailableError}
   */
  async retire(): Promise<void> {
    for await (const record of this.#stored.list()) {
      await this.#givenUntil(record);
    }
  }

  /**
   * @returns null if there is no such key
   * @throws {BackingUnavailableError}
   */
  async open(
    keyId: Uint8Array,
    { notBefore }: Pick<Certificate, 'notBefore'>,
  ): Promise<OpenedFormerKey | null> {
    const record = await this.#stored.get(keyId);
    if (!record) {
      return null;
    }
    const issuedAtMs = notBefore.getTime() + ISSUANCE_BACKDATING_MS;
    const isAccepted = issuedAtMs < (await this.#givenUntil(record));
    return { ...(await this.#stored.unseal(record)), isAccepted };
  }

  async #givenUntil(record: SessionKeyRecord): Promise<number> {
    const nowMs = this.#parts.clock.now().getTime();
    const latestMs = nowMs + CHANGEOVER_MS;
    const { retiredAt } = record.fields;
    // A later date comes from a clock that was ahead.
    if (retiredAt instanceof Date && retiredAt.getTime() <= latestMs) {
      return retiredAt.getTime();
    }
    if ((this.#parts.plausibility?.doubt ?? null) === null) {
      const createdAtMs = Math.min(record.fields.createdAt.getTime(), nowMs - KEY_USE_MS);
      await this.#stored.update(record, {
        createdAt: new Date(createdAtMs),
        retiredAt: new Date(latestMs),
      });
    }
    return latestMs;
  }
}
