import type { KeyObject } from 'node:crypto';
import type { NodeId } from '#awala/node-id.ts';
import { epochIdOf } from '#awala/sessions/derived-session-key.ts';
import type { SessionCurve, SessionKey, SessionKeyPair } from '#awala/sessions/session-key.ts';
import type { Certificate } from '#awala/x509/certificate.ts';
import type { GatewayMetrics, SessionKeyKind } from '#metrics/port.ts';
import { FormerKeys } from './former-keys.ts';
import { PublishedKeys } from './published-keys.ts';
import { RegistrationKeys } from './registration-keys.ts';
import { BOUND_KEY_RETENTION_MS } from './session-key-dates.ts';
import { type SessionKeyPorts, StoredSessionKeys } from './stored-session-keys.ts';

interface SessionKeysParts extends SessionKeyPorts {
  readonly metrics?: Pick<GatewayMetrics, 'sessionMessage'>;
}

/** A key that may decrypt a message. */
interface OpeningKey {
  readonly kind: SessionKeyKind;
  readonly privateKey: KeyObject;
}

/**
 * Our halves of the sessions with private gateways. A node gets its own key when it registers, and
 * another with each collection of cargo; these open for that node alone. A published key serves
 * anyone else who starts a session.
 *
 * Using a key ends none of the others: peers choose which to use next, and some keep that of their
 * registration.
 *
 * Private keys and secrets are stored only as sealed by the vault.
 *
 * @see RS-003
 */
export class SessionKeys {
  readonly #parts: SessionKeysParts;
  readonly #acceptsPublished: boolean;
  readonly #published: PublishedKeys;
  readonly #registration: RegistrationKeys;
  readonly #former: FormerKeys;

  /**
   * @param options.acceptsPublished - whether to read messages for published keys. @default true
   */
  constructor(
    parts: SessionKeysParts,
    options: { readonly acceptsPublished?: boolean | undefined } = {},
  ) {
    this.#parts = parts;
    this.#acceptsPublished = options.acceptsPublished ?? true;
    this.#published = new PublishedKeys(parts);
    this.#registration = new RegistrationKeys(parts);
    this.#former = new FormerKeys(parts);
  }

  /**
   * Prepares to give keys away, after which older versions no longer do.
   *
   * @returns the key to publish, created at first use and replaced when due
   * @throws {BackingUnavailableError}
   */
  async prepare(): Promise<SessionKey> {
    await this.#former.retire();
    return this.publishedKey();
  }

  /**
   * The public key for the connection parameters.
   *
   * @throws {BackingUnavailableError}
   */
  publishedKey(): Promise<SessionKey> {
    return this.#published.current();
  }

  /**
   * The public key for a node that registers, which opens for it alone. Makes no record.
   *
   * @throws {BackingUnavailableError}
   */
  registrationKey(node: NodeId): Promise<SessionKey> {
    return this.#registration.keyFor(node);
  }

  /**
   * Creates a key for a peer to answer to. Stored before this resolves, so that it may be sent at
   * once.
   *
   * @param curve - that of the peer's own key
   * @throws {BackingUnavailableError}
   */
  createFor(peer: NodeId, curve: SessionCurve): Promise<SessionKeyPair> {
    return this.#boundTo(peer).create(curve);
  }

  /**
   * The key that {@link createFor} made for that peer.
   *
   * @returns null if there is none, or it was made for another peer
   * @throws {BackingUnavailableError}
   */
  async boundKey(keyId: Uint8Array, peer: NodeId): Promise<SessionKeyPair | null> {
    const stored = this.#boundTo(peer);
    const record = await stored.get(keyId);
    return record && stored.unseal(record);
  }

  /**
   * The private key that a peer may have encrypted for: one bound to it, or one that anybody may
   * still use.
   *
   * @param sender - of the message, verified, under a certificate that we issued
   * @returns null if there is no such key for that peer
   * @throws {BackingUnavailableError}
   */
  async openingKey(
    keyId: Uint8Array,
    sender: Pick<Certificate, 'nodeId' | 'notBefore'>,
  ): Promise<OpeningKey | null> {
    if (epochIdOf(keyId)) {
      const given = await this.#registration.open(keyId, sender.nodeId);
      return given && { kind: 'registration', privateKey: given.privateKey };
    }
    const bound = await this.boundKey(keyId, sender.nodeId);
    if (bound) {
      return { kind: 'bound', privateKey: bound.privateKey };
    }
    const published = await this.#published.open(keyId);
    if (published) {
      return this.#ifAccepted('published', published, this.#acceptsPublished);
    }
    const former = await this.#former.open(keyId, sender);
    return former && this.#ifAccepted('former', former, former.isAccepted);
  }

  #ifAccepted(
    kind: SessionKeyKind,
    { privateKey }: SessionKeyPair,
    isAccepted: boolean,
  ): OpeningKey | null {
    if (!isAccepted) {
      this.#parts.metrics?.sessionMessage(kind, 'refused');
    }
    return isAccepted ? { kind, privateKey } : null;
  }

  #boundTo(peer: NodeId): StoredSessionKeys {
    const prefix = `bound/${peer}/`;
    return new StoredSessionKeys(this.#parts, { prefix, retentionMs: BOUND_KEY_RETENTION_MS });
  }
}
