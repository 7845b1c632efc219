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

/** Processes of a former version may give a key away for so long after a newer one was started. */
const CHANGEOVER_MS = 7 * 86_400_000;

type OpenedFormerKey = SessionKeyPair & {
  /** Whether the key may have been given to whoever has that certificate. */
  readonly isAccepted: boolean;
};

/**
 * The keys that former versions gave to every node alike. They open for anybody,
 * so each is accepted only under certificates issued while it was given away.
 *
 * Until when that was is written into the key's own record when a process of this version
 * first sees it, and is known for as long as the key. That also makes former versions
 * take the key for too old to give away: one that runs again, after the gateway was put
 * back to it, makes a new one, which ends when this version comes back.
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
   * Ends the giving away of all that there are.
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
    // A later date was written while a clock was ahead.
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
