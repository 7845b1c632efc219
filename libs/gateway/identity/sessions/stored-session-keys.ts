import {
  generateSessionKey,
  parseSessionKeyPair,
  type SessionCurve,
  type SessionKeyPair,
  serialiseSessionPrivateKey,
} from '#awala/sessions/session-key.ts';
import type { Clock } from '#clock/clock.ts';
import type { ClockPlausibility } from '#clock/clock-plausibility.ts';
import type { KeyVault } from '#key-vault/port.ts';
import { type RecordStore, recordKind, type StoredRecord } from '#record-store/port.ts';
import { RECORD_KIND } from '../../held/record-kinds.ts';
import { DOUBT_MARGIN_MS } from './session-key-dates.ts';

/** What session keys are stored and sealed with. */
export interface SessionKeyPorts {
  readonly vault: Pick<KeyVault, 'seal' | 'unseal'>;
  readonly records: RecordStore;
  readonly clock: Clock;
  /** Never in doubt unless given. */
  readonly plausibility?: Pick<ClockPlausibility, 'doubt'>;
}

interface SessionKeyFields extends Record<string, Uint8Array | Date> {
  readonly publicKey: Uint8Array;
  /** PKCS #8, sealed by the vault. */
  readonly sealedPrivateKey: Uint8Array;
  readonly createdAt: Date;
}

/** A stored session key. */
export type SessionKeyRecord = StoredRecord<SessionKeyFields>;

/** The records of session keys. */
export const SESSION_KEY = recordKind<SessionKeyFields>(RECORD_KIND.sessionKey);

/** Session keys with a record each, whose ids share a prefix. */
export class StoredSessionKeys {
  readonly #prefix: string;
  readonly #ports: SessionKeyPorts;
  readonly #retentionMs: number;

  constructor(
    ports: SessionKeyPorts,
    { prefix, retentionMs }: { readonly prefix: string; readonly retentionMs: number },
  ) {
    this.#ports = ports;
    this.#prefix = prefix;
    this.#retentionMs = retentionMs;
  }

  /** Stores a new key before it resolves, so that it may be given away at once. */
  async create(curve?: SessionCurve): Promise<SessionKeyPair> {
    const { vault, records, clock, plausibility } = this.#ports;
    const pair = generateSessionKey(curve);
    const id = this.#recordId(pair.id);
    const createdAt = clock.now();
    const fields: SessionKeyFields = {
      publicKey: pair.publicKey,
      sealedPrivateKey: await vault.seal(serialiseSessionPrivateKey(pair), id),
      createdAt,
    };
    const marginMs = (plausibility?.doubt ?? null) === null ? 0 : DOUBT_MARGIN_MS;
    const expiresAt = new Date(createdAt.getTime() + this.#retentionMs + marginMs);
    await records.set(SESSION_KEY, id, fields, { expiresAt });
    return pair;
  }

  list(): AsyncIterable<SessionKeyRecord> {
    return this.#ports.records.list(SESSION_KEY, this.#prefix);
  }

  get(keyId: Uint8Array): Promise<SessionKeyRecord | null> {
    return this.#ports.records.get(SESSION_KEY, this.#recordId(keyId));
  }

  /** The id of a record's key. */
  keyIdOf({ id }: SessionKeyRecord): Uint8Array {
    return Buffer.from(id.slice(this.#prefix.length), 'hex');
  }

  async unseal(record: SessionKeyRecord): Promise<SessionKeyPair> {
    const { id, fields } = record;
    const pkcs8 = await this.#ports.vault.unseal(fields.sealedPrivateKey, id);
    return parseSessionKeyPair(this.keyIdOf(record), pkcs8);
  }

  /** Changes fields of a record, unless another process changed it first. Its expiry stays. */
  async update(record: SessionKeyRecord, fields: Readonly<Record<string, Date>>): Promise<void> {
    const { id, version: ifVersion, expiresAt } = record;
    const changed = { ...record.fields, ...fields };
    const options = { ifVersion, ...(expiresAt && { expiresAt }) };
    await this.#ports.records.set(SESSION_KEY, id, changed, options);
  }

  #recordId(keyId: Uint8Array): string {
    return `${this.#prefix}${Buffer.from(keyId).toString('hex')}`;
  }
}
