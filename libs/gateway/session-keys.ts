import type { KeyObject } from 'node:crypto';
import type { NodeId } from '#awala/node-id.ts';
import {
  generateSessionKey,
  parseSessionKeyPair,
  type SessionCurve,
  type SessionKey,
  type SessionKeyPair,
  serialiseSessionPrivateKey,
} from '#awala/sessions/session-key.ts';
import type { Clock } from '#clock/clock.ts';
import type { KeyVault } from '#key-vault/port.ts';
import { type RecordStore, recordKind, type StoredRecord } from '#record-store/port.ts';

const DAY_MS = 86_400_000;
/** RS-003: keys SHOULD NOT be used for more than 30 days, and MUST NOT for more than 60. */
const INITIAL_KEY_USE_MS = 30 * DAY_MS;
/** Cargo may be under way for as long as a message may live (RS-001): 180 days after the last use. */
const INITIAL_KEY_RETENTION_MS = INITIAL_KEY_USE_MS + 180 * DAY_MS;
/**
 * A peer may answer to a key of ours when the cargo that brought it arrives, up to 180 days after it
 * was packed, and that answer may be under way for as long again.
 */
const BOUND_KEY_RETENTION_MS = 2 * 180 * DAY_MS;

interface SessionKeyFields extends Record<string, Uint8Array | Date> {
  readonly publicKey: Uint8Array;
  /** PKCS #8, sealed by the vault. */
  readonly sealedPrivateKey: Uint8Array;
  readonly createdAt: Date;
}

const SESSION_KEY = recordKind<SessionKeyFields>('session-key');
const INITIAL = 'initial/';
const BOUND = 'bound/';

/**
 * Our halves of the sessions with private gateways. The initial key, published
 * in the connection parameters and in registrations, is for whoever starts a
 * session; it is replaced every 30 days and kept to read what is under way. Any
 * other key is bound to the one peer that it was sent to.
 *
 * Private keys are at rest only as sealed by the vault.
 *
 * @see RS-003
 */
export class SessionKeys {
  readonly #vault: KeyVault;
  readonly #records: RecordStore;
  readonly #clock: Clock;
  #initial: { readonly key: SessionKey; readonly replaceAtMs: number } | null = null;
  #opening: Promise<SessionKey> | null = null;

  constructor(parts: {
    readonly vault: KeyVault;
    readonly records: RecordStore;
    readonly clock: Clock;
  }) {
    this.#vault = parts.vault;
    this.#records = parts.records;
    this.#clock = parts.clock;
  }

  /**
   * The public half of the key to start sessions with; made on first use, and
   * replaced when it is due.
   *
   * @throws {BackingUnavailableError}
   */
  async initialKey(): Promise<SessionKey> {
    const nowMs = this.#clock.now().getTime();
    if (this.#initial && nowMs < this.#initial.replaceAtMs) {
      return this.#initial.key;
    }
    this.#opening ??= this.#openInitial(nowMs).finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  async #openInitial(nowMs: number): Promise<SessionKey> {
    const { id, fields } = (await this.#newestInitial(nowMs)) ?? (await this.#createInitial());
    const key = { id: keyIdOf(id), publicKey: fields.publicKey };
    this.#initial = { key, replaceAtMs: fields.createdAt.getTime() + INITIAL_KEY_USE_MS };
    return key;
  }

  /**
   * Makes a key for a peer to answer to. It is stored before this resolves, so
   * that it may be sent at once.
   *
   * @param curve - that of the peer's own key
   * @throws {BackingUnavailableError}
   */
  async createFor(peer: NodeId, curve: SessionCurve): Promise<SessionKeyPair> {
    const pair = generateSessionKey(curve);
    await this.#store(boundRecordId(pair.id, peer), pair, BOUND_KEY_RETENTION_MS);
    return pair;
  }

  /**
   * A key that {@link createFor} made for that peer.
   *
   * @returns null if there is none, or it was made for another peer
   * @throws {BackingUnavailableError}
   */
  boundKey(keyId: Uint8Array, peer: NodeId): Promise<SessionKeyPair | null> {
    return this.#open(boundRecordId(keyId, peer), keyId);
  }

  /**
   * The private half of a key that a peer may encrypt for: one that is bound to
   * it, or an initial one.
   *
   * @returns null if there is no such key for that peer
   * @throws {BackingUnavailableError}
   */
  async privateKey(keyId: Uint8Array, peer: NodeId): Promise<KeyObject | null> {
    const pair =
      (await this.boundKey(keyId, peer)) ?? (await this.#open(initialRecordId(keyId), keyId));
    return pair?.privateKey ?? null;
  }

  async #open(recordId: string, keyId: Uint8Array): Promise<SessionKeyPair | null> {
    const stored = await this.#records.get(SESSION_KEY, recordId);
    if (!stored) {
      return null;
    }
    const pkcs8 = await this.#vault.unseal(stored.fields.sealedPrivateKey, recordId);
    return parseSessionKeyPair(keyId, pkcs8);
  }

  async #newestInitial(nowMs: number): Promise<StoredRecord<SessionKeyFields> | null> {
    let newest: StoredRecord<SessionKeyFields> | null = null;
    for await (const record of this.#records.list(SESSION_KEY, INITIAL)) {
      const createdAtMs = record.fields.createdAt.getTime();
      const isUsable = nowMs < createdAtMs + INITIAL_KEY_USE_MS;
      if (isUsable && (!newest || createdAtMs > newest.fields.createdAt.getTime())) {
        newest = record;
      }
    }
    return newest;
  }

  async #createInitial(): Promise<{ id: string; fields: SessionKeyFields }> {
    const pair = generateSessionKey();
    const id = initialRecordId(pair.id);
    const fields = await this.#store(id, pair, INITIAL_KEY_RETENTION_MS);
    return { id, fields };
  }

  async #store(id: string, pair: SessionKeyPair, retentionMs: number): Promise<SessionKeyFields> {
    const createdAt = this.#clock.now();
    const fields: SessionKeyFields = {
      publicKey: pair.publicKey,
      sealedPrivateKey: await this.#vault.seal(serialiseSessionPrivateKey(pair), id),
      createdAt,
    };
    const expiresAt = new Date(createdAt.getTime() + retentionMs);
    await this.#records.set(SESSION_KEY, id, fields, { expiresAt });
    return fields;
  }
}

function initialRecordId(keyId: Uint8Array): string {
  return `${INITIAL}${Buffer.from(keyId).toString('hex')}`;
}

function boundRecordId(keyId: Uint8Array, peer: NodeId): string {
  return `${BOUND}${peer}/${Buffer.from(keyId).toString('hex')}`;
}

function keyIdOf(recordId: string): Uint8Array {
  return Buffer.from(recordId.slice(INITIAL.length), 'hex');
}
