import { randomUUID } from 'node:crypto';
import { maxPlaintextOctets, packCargo } from '#awala/cargo/pack-cargo.ts';
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
 * Makes cargoes for the holder of one CCA: encrypted for the last key that it
 * told us, under one key of ours per CCA, and signed under its CDA.
 *
 * Each cargo brings the certificate that the CCA was signed with. The CDA is by
 * the same key, and Android's courier drops cargo that it cannot trace to a
 * certificate of the recipient.
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
   * Packs a cargo dated three hours back, or at the start of the CDA if that is
   * later or the clock is in doubt. It expires with the last of its messages or with the CDA.
   *
   * @throws {BackingUnavailableError}
   */
  async pack(gathered: GatheredCargo): Promise<Uint8Array> {
    this.#session ??= this.#openSession();
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

  /** How much plaintext makes a cargo of at most so many octets. */
  maxPlaintextOctets(maxCargoOctets: number): number {
    const dates = { createdAt: this.#parts.clock.now(), ttlSeconds: MAX_TTL_SECONDS };
    return maxPlaintextOctets(maxCargoOctets, { ...this.#sealing, ...dates });
  }

  /** What all cargoes have alike, as far as their length goes. */
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
   * In the past, for peers whose clock is slow and so that it does not tell when
   * the courier was here; but not before the CDA was valid (RS-001), which
   * Android's is from the moment that it makes the CCA. That moment is by the peer's own
   * clock, and is taken where ours may be wrong: the peer would drop a cargo of the future.
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

  /** Past the CDA's end a courier would still hand it over, and Android's gateway app stops at it. */
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

function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1_000) * 1_000;
}
