import { createHash, timingSafeEqual } from 'node:crypto';
import { InvalidMessageError, MalformedMessageError } from '#awala/errors.ts';
import { type NodeId, nodeIdOfKey } from '#awala/node-id.ts';
import {
  parseAuthorization,
  type RegistrationAuthorization,
  serialiseAuthorization,
} from '#awala/registration/authorization.ts';
import { serialiseRegistration } from '#awala/registration/registration.ts';
import { parseRegistrationRequest } from '#awala/registration/request.ts';
import { ClockInDoubtError } from '#backing/errors.ts';
import { LookUps } from '#bounds/look-ups.ts';
import type { Clock } from '#clock/clock.ts';
import { MOST_OFFSET_MS } from '#clock/clock-plausibility.ts';
import type { Log } from '#log/log.ts';
import type { GatewayMetrics } from '#metrics/port.ts';
import { requireUnblocked } from '../peers/blocked.ts';
import type { PeerPolicy } from '../peers/peer-policy.ts';
import type { Admission } from './admission.ts';
import type { DoubtParts } from './doubting-verifier.ts';
import type { Identity } from './identity.ts';
import { issueToPeer } from './peer-certificate.ts';
import type { RenewalNotes } from './renewal-notes.ts';
import type { SessionKeys } from './sessions/session-keys.ts';

/** An authorization is used at once (RS-016: under 10 s). */
const AUTHORIZATION_LIFE_MS = 9_000;
/** More than this process authorises within an authorization's life by default; some 4 KiB each. */
const MAX_ANSWERS = 4_096;
const KEY_DIGEST = /^[0-9a-f]{64}$/i;

interface RegistrarParts extends DoubtParts {
  readonly identity: Identity;
  readonly sessionKeys: SessionKeys;
  readonly policy: Pick<PeerPolicy, 'blockOf'>;
  readonly admission: Pick<Admission, 'admit'>;
  readonly renewalNotes: Pick<RenewalNotes, 'isEstablished'>;
  readonly internetAddress: string;
  readonly clock: Clock;
  readonly metrics: GatewayMetrics;
  readonly log: Log;
}

/**
 * Registers private gateways in two steps: an authorization for a key, then a certificate for
 * whoever proves to hold it. The certificate is the registration, and says whether its
 * holder was established before; nothing else is stored where anybody may register.
 *
 * @see RS-016 "Private node registration"
 */
export class Registrar {
  readonly #parts: RegistrarParts;
  readonly #registered: LookUps<Uint8Array>;

  constructor(parts: RegistrarParts) {
    this.#parts = parts;
    this.#registered = new LookUps(parts.clock, MAX_ANSWERS);
  }

  /**
   * @param keyDigest - the SHA-256 of the peer's public key in 64 hex digits
   * @returns the authorization (PNRA), serialised
   * @throws {MalformedMessageError}
   * @throws {BackingUnavailableError} also while the clock is in doubt
   */
  async authorise(keyDigest: string): Promise<Uint8Array> {
    if (!KEY_DIGEST.test(keyDigest)) {
      throw new MalformedMessageError('the body must be the SHA-256 of the key in 64 hex digits');
    }
    this.#requireClock();
    const { identity, clock } = this.#parts;
    const expiresAt = new Date(clock.now().getTime() + AUTHORIZATION_LIFE_MS);
    const gatewayData = Buffer.from(keyDigest, 'hex');
    return serialiseAuthorization({ expiresAt, gatewayData }, identity.sign);
  }

  /**
   * Issues the certificate. An authorization shown again gets the same answer: authorizations are
   * limited in number, and each should cost the vault only one signature here.
   *
   * @param octets - the request (PNRR), serialised
   * @returns the registration (PNR), serialised
   * @throws {MalformedMessageError}
   * @throws {InvalidMessageError} with reason `wrong-key` if the authorization is for another key
   * @throws {Refusal} `peer-blocked`, `not-invited`
   * @throws {BackingUnavailableError} also while the clock is in doubt
   */
  async register(octets: Uint8Array): Promise<Uint8Array> {
    const request = parseRegistrationRequest(octets);
    if (!request.verifyCountersignature()) {
      throw new InvalidMessageError(
        'signature',
        'the countersignature is not by the key presented',
      );
    }
    this.#requireClock();
    const { publicKey } = request;
    const { expiresAt } = this.#checkAuthorization(request.authorization, publicKey);
    const nodeId = nodeIdOfKey(publicKey);
    // Not when it is authorised, as anybody can name a key to see whether it is blocked.
    requireUnblocked(nodeId, this.#parts.policy);
    const question = `${nodeId} ${expiresAt.getTime()}`;
    return this.#registered.get(question, async () => {
      const value = await this.#register(publicKey, nodeId);
      return { value, forMs: expiresAt.getTime() - this.#parts.clock.now().getTime() };
    });
  }

  async #register(publicKey: Uint8Array, peer: NodeId): Promise<Uint8Array> {
    const { internetAddress, sessionKeys, admission, renewalNotes, metrics, log } = this.#parts;
    await admission.admit(peer);
    const subject = { key: publicKey, isEstablished: await renewalNotes.isEstablished(peer) };
    const certificates = await issueToPeer(subject, this.#parts);
    const sessionKey = await sessionKeys.registrationKey(peer);
    metrics.registered();
    metrics.phoneSeen(peer);
    log.info({ peer }, 'Registered a private gateway');
    return serialiseRegistration({ ...certificates, internetAddress, sessionKey });
  }

  /** A phone with a certificate of wrong dates would be locked out while it believes in it. */
  #requireClock(): void {
    const { plausibility, metrics } = this.#parts;
    const doubt = plausibility?.doubt ?? null;
    if (doubt !== null) {
      metrics.postponedForClock();
      throw new ClockInDoubtError(doubt);
    }
  }

  #checkAuthorization(serialised: Uint8Array, publicKey: Uint8Array): RegistrationAuthorization {
    const authorization = parseAuthorization(serialised);
    const { identity, clock } = this.#parts;
    if (!authorization.verify(identity.publicKey)) {
      throw new InvalidMessageError('signature', 'the authorization is not by this gateway');
    }
    const leftMs = authorization.expiresAt.getTime() - clock.now().getTime();
    // A longer-lived one came from a clock that was ahead.
    if (leftMs <= 0 || leftMs > AUTHORIZATION_LIFE_MS + MOST_OFFSET_MS) {
      throw new InvalidMessageError('expired', 'the authorization has expired; ask for another');
    }
    const digest = createHash('sha256').update(publicKey).digest();
    const { gatewayData } = authorization;
    if (gatewayData.length !== digest.length || !timingSafeEqual(gatewayData, digest)) {
      throw new InvalidMessageError('wrong-key', 'the authorization is for another key');
    }
    return authorization;
  }
}
