import { CLOCK_DRIFT_TOLERANCE_MS, MAX_LIFE_MS } from '#awala/limits.ts';
import type { NodeId } from '#awala/node-id.ts';
import type { SessionKey } from '#awala/sessions/session-key.ts';
import type { Clock } from '#clock/clock.ts';
import { type RecordStore, recordKind } from '#record-store/port.ts';
import { RECORD_KIND } from '../../held/record-kinds.ts';

/**
 * Past this, no answer to the message that brought the key can still be wanted: that may take a life
 * to arrive, and the answer another.
 */
const RETENTION_MS = 2 * MAX_LIFE_MS;
/** Attempts at replacing a key that others replace at the same time. */
const MAX_ATTEMPTS = 5;

interface PeerKeyFields extends Record<string, Uint8Array | Date> {
  readonly keyId: Uint8Array;
  /** DER SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
  /** Creation date of the message that brought the key. */
  readonly sentAt: Date;
}

const PEER_SESSION_KEY = recordKind<PeerKeyFields>(RECORD_KIND.peerSessionKey);

/**
 * The peers' halves of sessions: each private gateway's latest key, to encrypt what we send it.
 *
 * @see RS-003 "Receiving Subsequent Messages"
 */
export class PeerSessionKeys {
  readonly #records: RecordStore;
  readonly #clock: Clock;

  constructor(parts: { readonly records: RecordStore; readonly clock: Clock }) {
    this.#records = parts.records;
    this.#clock = parts.clock;
  }

  /**
   * Remembers the key that came with a message, unless that of a newer message is known: messages
   * may arrive out of order. A key accepted from the future, while both our clock and the phone's
   * were ahead, does not block later ones. Durable once it resolves.
   *
   * @param key - as read from a message, and so usable
   * @param sentAt - creation date of the message, which was decrypted and verified
   * @throws {BackingUnavailableError}
   */
  async remember(peer: NodeId, key: SessionKey, sentAt: Date): Promise<void> {
    for (let attempt = 1; !(await this.#tryRemember(peer, key, sentAt)); attempt++) {
      if (attempt === MAX_ATTEMPTS) {
        return;
      }
    }
  }

  /**
   * The peer's latest key.
   *
   * @returns null if the peer has not sent any message yet
   * @throws {BackingUnavailableError}
   */
  async last(peer: NodeId): Promise<SessionKey | null> {
    const stored = await this.#records.get(PEER_SESSION_KEY, peer);
    return stored && { id: stored.fields.keyId, publicKey: stored.fields.publicKey };
  }

  /** @returns false if another process wrote at the same time */
  async #tryRemember(peer: NodeId, key: SessionKey, sentAt: Date): Promise<boolean> {
    const stored = await this.#records.get(PEER_SESSION_KEY, peer);
    const now = this.#clock.now();
    if (stored && !isNewer(sentAt, stored.fields.sentAt, now)) {
      return true;
    }
    const fields: PeerKeyFields = { keyId: key.id, publicKey: key.publicKey, sentAt };
    const expiresAt = new Date(Math.min(sentAt.getTime(), now.getTime()) + RETENTION_MS);
    return stored
      ? this.#records.set(PEER_SESSION_KEY, peer, fields, { expiresAt, ifVersion: stored.version })
      : this.#records.create(PEER_SESSION_KEY, peer, fields, { expiresAt });
  }
}

function isNewer(sentAt: Date, storedSentAt: Date, now: Date): boolean {
  const latestMs = now.getTime() + CLOCK_DRIFT_TOLERANCE_MS;
  const isStoredTooNew = storedSentAt.getTime() > latestMs && sentAt.getTime() <= latestMs;
  return sentAt > storedSentAt || isStoredTooNew;
}
