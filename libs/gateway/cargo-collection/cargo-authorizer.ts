import { rotationFormsFor } from '#awala/cargo/rotation.ts';
import { readEnvelopedData } from '#awala/cms/enveloped-data.ts';
import type { MessageVerifier } from '#awala/message-verifier.ts';
import type { NodeId } from '#awala/node-id.ts';
import type { Certificate } from '#awala/x509/certificate.ts';
import type { PathForm } from '#awala/x509/certification-path-der.ts';
import type { Clock } from '#clock/clock.ts';
import type { GatewayMetrics } from '#metrics/port.ts';
import type { DoubtParts } from '../identity/doubting-verifier.ts';
import type { Identity } from '../identity/identity.ts';
import type { RenewalNotes } from '../identity/renewal-notes.ts';
import type { PeerSessionKeys } from '../identity/sessions/peer-session-keys.ts';
import type { SessionKeys } from '../identity/sessions/session-keys.ts';
import type { Withdrawals } from '../identity/withdrawals.ts';
import { openCollectionRequest } from './collection-request.ts';

/** What a verified CCA lets a courier collect. */
export interface CargoAuthorization {
  /** The private gateway whose cargo may be collected. */
  readonly peer: NodeId;
  /** Issued by us; the peer signed the CCA under it. */
  readonly peerCertificate: Certificate;
  /** Authorises us to send cargo to the peer (CDA). */
  readonly cargoDeliveryAuthorization: Certificate;
  /** The forms of a certificate rotation that the peer may read. */
  readonly rotationForms: readonly PathForm[];
  /** Unique per peer. */
  readonly ccaId: string;
  readonly expiresAt: Date;
}

/** What {@link CargoAuthorizer} needs. */
export interface CargoAuthorizerParts extends DoubtParts {
  readonly verifier: MessageVerifier;
  readonly identity: Identity;
  readonly sessionKeys: SessionKeys;
  readonly peerSessionKeys: PeerSessionKeys;
  readonly renewalNotes: Pick<RenewalNotes, 'met'>;
  /** Null, as by default, where nothing can be revoked. */
  readonly withdrawals?: Pick<Withdrawals, 'requireUnrevoked'> | null;
  readonly clock: Clock;
  readonly metrics: Pick<GatewayMetrics, 'postponedForClock' | 'sessionMessage'>;
}

/**
 * Reads and verifies cargo collection authorisations.
 *
 * @see RS-000 "Cargo Collection Authorization"
 */
export class CargoAuthorizer {
  readonly #parts: CargoAuthorizerParts;

  constructor(parts: CargoAuthorizerParts) {
    this.#parts = parts;
  }

  /**
   * Verifies a CCA and what is in it, and remembers the session key that it
   * brings. Says nothing about whether it was fulfilled before.
   *
   * @throws {MalformedMessageError}
   * @throws {InvalidMessageError} `wrong-recipient` if it is for another gateway; `decryption`, always in
   *   the same words and with the same work done, for whatever is wrong with its payload
   * @throws {Refusal} `cda-not-yet-valid` if it can be used later
   * @throws {BackingUnavailableError}
   */
  async authorise(octets: Uint8Array): Promise<CargoAuthorization> {
    const { verifier, identity, withdrawals, clock, sessionKeys, metrics } = this.#parts;
    const cca = verifier.read(octets, 'cca');
    const anchors = await identity.trustedCertificates();
    const trust = { at: clock.now(), anchors };
    verifier.verifyFromPrivateGateway(cca, trust);
    await withdrawals?.requireUnrevoked(cca.sender);
    const { sender } = cca;
    const peer = sender.nodeId;
    const envelope = readEnvelopedData(cca.payload);
    const key = await sessionKeys.openingKey(envelope.recipientKeyId, sender);
    const cda = openCollectionRequest(envelope, key?.privateKey ?? null, {
      ...this.#parts,
      sender,
    });
    if (key) {
      metrics.sessionMessage(key.kind, 'opened');
    }
    this.#parts.renewalNotes.met(sender);
    await this.#parts.peerSessionKeys.remember(peer, envelope.originatorKey, cca.createdAt);
    return {
      peer,
      peerCertificate: sender,
      cargoDeliveryAuthorization: cda,
      rotationForms: rotationFormsFor(cca),
      ccaId: cca.id,
      expiresAt: cca.expiresAt,
    };
  }
}
