import { parseCollectionRequest } from '#awala/cargo/cca.ts';
import { rotationFormsFor } from '#awala/cargo/rotation.ts';
import { type EnvelopedData, readEnvelopedData } from '#awala/cms/enveloped-data.ts';
import { InvalidMessageError, MalformedMessageError } from '#awala/errors.ts';
import type { MessageVerifier } from '#awala/message-verifier.ts';
import type { NodeId } from '#awala/node-id.ts';
import type { RamfMessage } from '#awala/ramf/message.ts';
import type { Certificate } from '#awala/x509/certificate.ts';
import type { PathForm } from '#awala/x509/certification-path-der.ts';
import { isSignedBy } from '#awala/x509/signature-algorithm.ts';
import { faultAt } from '#awala/x509/validity.ts';
import type { Clock } from '#clock/clock.ts';
import type { GatewayMetrics } from '#metrics/port.ts';
import { type DoubtParts, withoutDatesInDoubt } from '../doubting-verifier.ts';
import type { Identity } from '../identity.ts';
import type { PeerSessionKeys } from '../peer-session-keys.ts';
import type { SessionKeys } from '../session-keys.ts';
import { CdaNotYetValidError } from './collection-errors.ts';

/** What a courier may collect, proven by a CCA. */
export interface CargoAuthorization {
  /** The private gateway whose cargo may be collected. */
  readonly peer: NodeId;
  /** What the peer signed the CCA with, a certificate by us. */
  readonly peerCertificate: Certificate;
  /** What the peer authorises us to send cargo with (CDA). */
  readonly cargoDeliveryAuthorization: Certificate;
  /** How the peer may read a certificate rotation. */
  readonly rotationForms: readonly PathForm[];
  /** Unique among the peer's. */
  readonly ccaId: string;
  readonly expiresAt: Date;
}

export interface CargoAuthorizerParts extends DoubtParts {
  readonly verifier: MessageVerifier;
  readonly identity: Identity;
  readonly sessionKeys: SessionKeys;
  readonly peerSessionKeys: PeerSessionKeys;
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
   * @throws {InvalidMessageError} `wrong-recipient` if it is for another gateway
   * @throws {CdaNotYetValidError} if it can be used later
   * @throws {BackingUnavailableError}
   */
  async authorise(octets: Uint8Array): Promise<CargoAuthorization> {
    const { verifier, identity, clock, peerSessionKeys } = this.#parts;
    const cca = verifier.read(octets, 'cca');
    const anchors = await identity.trustedCertificates();
    const trust = { at: clock.now(), anchors };
    const { certificate, isIssuedByAnchor } = verifier.verifyFromPrivateGateway(cca, trust);
    if (!isIssuedByAnchor) {
      throw new InvalidMessageError(
        'untrusted-path',
        'the sender of a CCA must have a certificate by this gateway',
      );
    }
    const peer = certificate.nodeId;
    const envelope = readEnvelopedData(cca.payload);
    const cda = await this.#openRequest(envelope, certificate);
    this.#verifyDeliveryAuthorization(cda, cca);
    await peerSessionKeys.remember(peer, envelope.originatorKey, cca.createdAt);
    return {
      peer,
      peerCertificate: certificate,
      cargoDeliveryAuthorization: cda,
      rotationForms: rotationFormsFor(cca),
      ccaId: cca.id,
      expiresAt: cca.expiresAt,
    };
  }

  async #openRequest(envelope: EnvelopedData, sender: Certificate): Promise<Certificate> {
    const { sessionKeys, metrics } = this.#parts;
    const key = await sessionKeys.openingKey(envelope.recipientKeyId, sender);
    if (!key) {
      throw new InvalidMessageError('decryption', 'the CCA is encrypted for an unknown key');
    }
    const plaintext = envelope.decrypt(key.privateKey);
    metrics.sessionMessage(key.kind, 'opened');
    return parseCollectionRequest(plaintext);
  }

  /** The issuer's own certificate does not come with the CCA; its key is the CCA's sender's. */
  #verifyDeliveryAuthorization(cda: Certificate, { sender }: RamfMessage): void {
    const { identity, clock } = this.#parts;
    withoutDatesInDoubt(this.#parts, () => {
      const fault = faultAt(cda, clock.now());
      if (fault) {
        throw fault;
      }
    });
    if (cda.nodeId !== identity.nodeId) {
      throw new InvalidMessageError('wrong-key', 'the CDA is for another key than this gateway’s');
    }
    if (!isSignedBy(sender, cda.signatureAlgorithm, cda.tbs, cda.signature)) {
      throw new InvalidMessageError('signature', 'the CDA is not by the sender of the CCA');
    }
    if (cda.notBefore > clock.now()) {
      throw new CdaNotYetValidError(cda.notBefore);
    }
  }
}

/** Whether the fault is the CCA's: it is not valid, whatever the reason. */
export function isInvalidCca(error: unknown): error is MalformedMessageError | InvalidMessageError {
  return error instanceof MalformedMessageError || error instanceof InvalidMessageError;
}
