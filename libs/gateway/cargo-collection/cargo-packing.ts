import { randomUUID } from 'node:crypto';
import { maxPlaintextOctets, packCargo } from '#awala/cargo/pack-cargo.ts';
import { MessageFault } from '#awala/errors.ts';
import { MAX_TTL_SECONDS } from '#awala/limits.ts';
import {
  curveOf,
  parseSessionPublicKey,
  type SessionKey,
  type SessionKeyPair,
} from '#awala/sessions/session-key.ts';
import type { ExpiryParts } from '../held/expiry.ts';
import { type Identity, ISSUANCE_BACKDATING_MS } from '../identity/identity.ts';
import type { PeerSessionKeys } from '../identity/sessions/peer-session-keys.ts';
import type { SessionKeys } from '../identity/sessions/session-keys.ts';
import type { CargoAuthorization } from './cargo-authorizer.ts';
import type { GatheredCargo } from './cargo-batches.ts';
import type { Fulfilment } from './fulfilment.ts';

/** What {@link CargoPacking} needs. */
export interface CargoPackingParts extends ExpiryParts {
  readonly identity: Identity;
  readonly sessionKeys: SessionKeys;
  readonly peerSessionKeys: PeerSessionKeys;
}

interface Session {
  readonly recipientKey: SessionKey;
  readonly senderKey: SessionKeyPair;
}

/**
 * Makes cargoes for the holder of one CCA: encrypted for its latest session key, under one key of
 * ours per CCA, and signed under its CDA.
 *
 * Attaches the certificate that the CCA was signed under. The CDA is issued by the same key, and
 * Android's courier drops cargo that it cannot trace to a certificate of the recipient.
 */
export class CargoPacking {
  readonly #parts: CargoPackingParts;
  readonly #authorization: CargoAuthorization;
  readonly #fulfilment: Fulfilment;
  #session: Promise<Session> | null = null;

  constructor(parts: CargoPackingParts, authorization: CargoAuthorization, fulfilment: Fulfilment) {
    this.#parts = parts;
    this.#authorization = authorization;
    this.#fulfilment = fulfilment;
  }

  /**
   * Packs a cargo dated three hours back, or at the start of the CDA if that is later or the clock
   * is in doubt. It expires with the last of its messages, or with the CDA.
   *
   * @throws {BackingUnavailableError}
   */
  async pack(gathered: GatheredCargo): Promise<Uint8Array> {
    this.#session ??= this.#openSession().catch(asOurs);
    const encryption = await this.#session;
    const createdAtMs = this.#creationMs();
    return packCargo({
      ...this.#sealing,
      createdAt: new Date(createdAtMs),
      ttlSeconds: this.#ttlSeconds(gathered, createdAtMs),
      messages: gathered.messages,
      encryption,
    });
  }

  /** The largest plaintext for a cargo of at most so many octets. */
  maxPlaintextOctets(maxCargoOctets: number): number {
    const dates = { createdAt: this.#parts.clock.now(), ttlSeconds: MAX_TTL_SECONDS };
    return maxPlaintextOctets(maxCargoOctets, { ...this.#sealing, ...dates });
  }

  /** The fields that determine a cargo's overhead, the same for all. */
  get #sealing() {
    return {
      recipient: { id: this.#authorization.peer },
      id: randomUUID(),
      sender: this.#authorization.cargoDeliveryAuthorization,
      attachedCertificates: [this.#authorization.peerCertificate],
      sign: this.#parts.identity.sign,
    };
  }

  /**
   * In the past, for peers with slow clocks and so as not to reveal when the courier came; but not
   * before the CDA is valid (RS-001), which Android's is from the moment of the CCA. While our
   * clock may be wrong, that moment by the peer's clock is used: the peer would drop a cargo from
   * the future.
   */
  #creationMs(): number {
    const { clock, plausibility } = this.#parts;
    const nowMs = wholeSeconds(clock.now().getTime());
    const authorizedMs = this.#authorization.cargoDeliveryAuthorization.notBefore.getTime();
    if ((plausibility?.doubt ?? null) !== null) {
      return authorizedMs;
    }
    return Math.min(nowMs, Math.max(nowMs - ISSUANCE_BACKDATING_MS, authorizedMs));
  }

  /**
   * Ends with the CDA: couriers would still deliver later cargo, and Android's gateway app stops at
   * it.
   */
  #ttlSeconds({ expiresAt }: GatheredCargo, createdAtMs: number): number {
    const authorizedMs = this.#authorization.cargoDeliveryAuthorization.notAfter.getTime();
    const endMs = Math.min(expiresAt.getTime(), authorizedMs);
    const ttlSeconds = Math.floor((endMs - createdAtMs) / 1_000);
    return Math.min(Math.max(ttlSeconds, 0), MAX_TTL_SECONDS);
  }

  async #openSession(): Promise<Session> {
    const { peerSessionKeys, sessionKeys } = this.#parts;
    const { peer } = this.#authorization;
    const recipientKey = await peerSessionKeys.last(peer);
    const curve = recipientKey && curveOf(parseSessionPublicKey(recipientKey.publicKey));
    if (!recipientKey || !curve) {
      throw new Error('no session key of the peer is known, although its CCA brought one');
    }
    const known = await this.#knownKey();
    const isUsable = known !== null && curveOf(known.privateKey) === curve;
    const senderKey = isUsable ? known : await sessionKeys.createFor(peer, curve);
    this.#fulfilment.sessionKeyId = senderKey.id;
    return { recipientKey, senderKey };
  }

  async #knownKey(): Promise<SessionKeyPair | null> {
    const { sessionKeyId } = this.#fulfilment;
    return sessionKeyId.length === 0
      ? null
      : this.#parts.sessionKeys.boundKey(sessionKeyId, this.#authorization.peer);
  }
}

/** What is stored of sessions is ours: a fault in it is no message's, and so no peer's. */
function asOurs(error: unknown): never {
  throw error instanceof MessageFault
    ? new Error('a stored session key is damaged', { cause: error })
    : error;
}

function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1_000) * 1_000;
}
