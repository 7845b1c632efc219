import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { NodeId } from '#awala/node-id.ts';
import {
  deriveSessionKey,
  EPOCH_ID_OCTETS,
  EPOCH_SECRET_OCTETS,
  epochIdOf,
  type KeyEpoch,
} from '#awala/sessions/derived-session-key.ts';
import type { SessionKey, SessionKeyPair } from '#awala/sessions/session-key.ts';
import { Cache } from '#bounds/cache.ts';
import { recordKind } from '#record-store/port.ts';
import { GIVEN_KEY_RETENTION_MS, isInUse } from './session-key-dates.ts';
import { SESSION_KEY, type SessionKeyPorts } from './stored-session-keys.ts';

interface EpochFields extends Record<string, Uint8Array | Date> {
  /** Sealed by the vault. */
  readonly sealedSecret: Uint8Array;
  readonly createdAt: Date;
}

const EPOCH = recordKind<EpochFields>(SESSION_KEY.name);
const PREFIX = 'registration/';
/** Epochs in memory, some 200 octets each. */
const MAX_KNOWN = 1_024;
/** A secret is read again after this, so that it is not used after its record has expired. */
const KNOWN_FOR_MS = 3_600_000;

/**
 * The keys that private gateways get when they register. Each is bound to its node without a
 * record: it is derived from the node's id and an epoch's secret.
 *
 * Each process that registers nodes has its own epochs, of 30 days. It stores their secrets and
 * never reads one back, so it needs no right to unseal.
 *
 * @see RS-003 "Generating and Distributing Initial DH Keys"
 */
export class RegistrationKeys {
  readonly #ports: SessionKeyPorts;
  /** Epochs whose secrets were opened lately. */
  readonly #known: Cache<KeyEpoch>;
  #own: { readonly epoch: KeyEpoch; readonly createdAtMs: number } | null = null;
  #beginning: Promise<KeyEpoch> | null = null;

  constructor(ports: SessionKeyPorts) {
    this.#ports = ports;
    this.#known = new Cache(ports.clock, MAX_KNOWN);
  }

  /**
   * The key for a node. Durable before this resolves.
   *
   * @throws {BackingUnavailableError}
   */
  async keyFor(node: NodeId): Promise<SessionKey> {
    const { id, publicKey } = deriveSessionKey(await this.#ownEpoch(), node);
    return { id, publicKey };
  }

  /**
   * The key that {@link keyFor} gave to that node, in any process.
   *
   * @returns null if there is none, or it is another node's
   * @throws {BackingUnavailableError}
   */
  async open(keyId: Uint8Array, node: NodeId): Promise<SessionKeyPair | null> {
    const epochId = epochIdOf(keyId);
    const epoch = epochId && (await this.#epoch(epochId));
    if (!epoch) {
      return null;
    }
    const pair = deriveSessionKey(epoch, node);
    return timingSafeEqual(pair.id, keyId) ? pair : null;
  }

  async #ownEpoch(): Promise<KeyEpoch> {
    const nowMs = this.#ports.clock.now().getTime();
    if (this.#own && isInUse(this.#own.createdAtMs, nowMs)) {
      return this.#own.epoch;
    }
    this.#beginning ??= this.#beginEpoch().finally(() => {
      this.#beginning = null;
    });
    return this.#beginning;
  }

  async #beginEpoch(): Promise<KeyEpoch> {
    const { vault, records, clock } = this.#ports;
    const epoch = { id: randomBytes(EPOCH_ID_OCTETS), secret: randomBytes(EPOCH_SECRET_OCTETS) };
    const id = recordIdOf(epoch.id);
    const createdAt = clock.now();
    const fields = { sealedSecret: await vault.seal(epoch.secret, id), createdAt };
    const expiresAt = new Date(createdAt.getTime() + GIVEN_KEY_RETENTION_MS);
    await records.set(EPOCH, id, fields, { expiresAt });
    this.#own = { epoch, createdAtMs: createdAt.getTime() };
    return epoch;
  }

  async #epoch(epochId: Uint8Array): Promise<KeyEpoch | null> {
    const { vault, records } = this.#ports;
    const id = recordIdOf(epochId);
    const known = this.#known.get(id);
    if (known) {
      return known;
    }
    const stored = await records.get(EPOCH, id);
    if (!stored) {
      return null;
    }
    const secret = await vault.unseal(stored.fields.sealedSecret, id);
    const epoch = { id: Uint8Array.from(epochId), secret };
    this.#known.set(id, epoch, KNOWN_FOR_MS);
    return epoch;
  }
}

function recordIdOf(epochId: Uint8Array): string {
  return `${PREFIX}${Buffer.from(epochId).toString('hex')}`;
}
