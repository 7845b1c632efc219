import { createPrivateKey, generateKeyPair, type KeyObject, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import type { NodeId } from '#awala/node-id.ts';
import type { SessionKey } from '#awala/sessions/session-key.ts';
import type { Clock } from '#clock/clock.ts';
import type { KeyVault } from '#key-vault/port.ts';
import { type RecordStore, recordKind, type StoredRecord } from '#record-store/port.ts';

const DAY_MS = 86_400_000;
/** RS-003: keys SHOULD NOT be used for more than 30 days, and MUST NOT for more than 60. */
const INITIAL_KEY_USE_MS = 30 * DAY_MS;
/** Cargo may be under way for as long as a message may live (RS-001): 180 days after the last use. */
const INITIAL_KEY_RETENTION_MS = INITIAL_KEY_USE_MS + 180 * DAY_MS;
const KEY_ID_OCTETS = 8;

interface SessionKeyFields extends Record<string, Uint8Array | Date> {
  readonly publicKey: Uint8Array;
  /** PKCS #8, sealed by the vault. */
  readonly sealedPrivateKey: Uint8Array;
  readonly createdAt: Date;
}

const SESSION_KEY = recordKind<SessionKeyFields>('session-key');
const INITIAL = 'initial/';

const generate = promisify(generateKeyPair);

/**
 * Our halves of the sessions with private gateways. The initial key, published
 * in the connection parameters and in registrations, is for whoever starts a
 * session; it is replaced every 30 days and kept to read what is under way.
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
   * The private half of a key that a peer may use: an initial one.
   *
   * @returns null if there is no such key for that peer
   */
  async privateKey(keyId: Uint8Array, _peer: NodeId): Promise<KeyObject | null> {
    const id = `${INITIAL}${Buffer.from(keyId).toString('hex')}`;
    const stored = await this.#records.get(SESSION_KEY, id);
    if (!stored) {
      return null;
    }
    const der = await this.#vault.unseal(stored.fields.sealedPrivateKey, id);
    return createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' });
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
    const { publicKey, privateKey } = await generate('ec', { namedCurve: 'P-256' });
    const id = `${INITIAL}${randomBytes(KEY_ID_OCTETS).toString('hex')}`;
    const createdAt = this.#clock.now();
    const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' });
    const fields: SessionKeyFields = {
      publicKey: publicKey.export({ format: 'der', type: 'spki' }),
      sealedPrivateKey: await this.#vault.seal(pkcs8, id),
      createdAt,
    };
    const expiresAt = new Date(createdAt.getTime() + INITIAL_KEY_RETENTION_MS);
    await this.#records.set(SESSION_KEY, id, fields, { expiresAt });
    return { id, fields };
  }
}

function keyIdOf(recordId: string): Uint8Array {
  return Buffer.from(recordId.slice(INITIAL.length), 'hex');
}
