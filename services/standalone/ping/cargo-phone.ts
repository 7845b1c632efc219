import { randomUUID } from 'node:crypto';
import { serialiseCollectionRequest } from '#awala/cargo/cca.ts';
import { readMessageSet } from '#awala/cargo/message-set.ts';
import { packCargo } from '#awala/cargo/pack-cargo.ts';
import { readEnvelopedData } from '#awala/cms/enveloped-data.ts';
import { encryptForSession } from '#awala/cms/enveloped-data-writer.ts';
import type { ConnectionParameters } from '#awala/connection-parameters.ts';
import { MessageVerifier } from '#awala/message-verifier.ts';
import { nodeIdOfKey } from '#awala/node-id.ts';
import { serialiseMessage } from '#awala/ramf/message-writer.ts';
import type { Registration } from '#awala/registration/registration.ts';
import { generateSessionKey } from '#awala/sessions/session-key.ts';
import type { Certificate } from '#awala/x509/certificate.ts';
import { issueDeliveryAuthorization, issueGatewayCertificate } from '#awala/x509/issuance.ts';
import type { NodeKey } from './phone.ts';

const HOUR_MS = 3_600_000;
/** Gateways date cargo three hours back, for peers with slow clocks. */
const CERTIFICATE_BACKDATING_MS = 4 * HOUR_MS;
const DAY_MS = 24 * HOUR_MS;
const TTL_SECONDS = 600;

/** What a throw-away phone and its gateway know of each other. */
export interface Acquaintance {
  readonly key: NodeKey;
  readonly registration: Registration;
  readonly gateway: ConnectionParameters;
}

/** A throw-away phone as couriers see it: its cargo, and its authorisations to collect. */
export class CargoPhone {
  readonly #acquaintance: Acquaintance;
  /** Self-issued, to authorise the gateway with. */
  readonly #issuer: Certificate;
  readonly #sessionKey = generateSessionKey();
  readonly #verifier = new MessageVerifier();

  private constructor(acquaintance: Acquaintance, issuer: Certificate) {
    this.#acquaintance = acquaintance;
    this.#issuer = issuer;
  }

  static async of(acquaintance: Acquaintance, now: Date): Promise<CargoPhone> {
    const { key } = acquaintance;
    const issuer = await issueGatewayCertificate({
      subjectKey: key.publicKeyDer,
      issuer: null,
      issuerKey: key.publicKeyDer,
      sign: key.sign,
      notBefore: new Date(now.getTime() - CERTIFICATE_BACKDATING_MS),
      notAfter: new Date(now.getTime() + DAY_MS),
    });
    return new CargoPhone(acquaintance, issuer);
  }

  /** Packs messages into a cargo for the gateway (RS-000 "Cargo"). */
  pack(messages: readonly Uint8Array[], now: Date): Promise<Uint8Array> {
    return packCargo({ ...this.#header(now), messages, encryption: this.#encryption });
  }

  /**
   * Authorises a courier to collect the phone's cargo, once (RS-000 "Cargo Collection
   * Authorization").
   */
  async authoriseCollection(now: Date): Promise<Uint8Array> {
    const { key, gateway } = this.#acquaintance;
    const authorization = await issueDeliveryAuthorization({
      subjectKey: gateway.identityKey,
      issuer: this.#issuer,
      issuerKey: key.publicKeyDer,
      sign: key.sign,
      notBefore: this.#issuer.notBefore,
      notAfter: this.#issuer.notAfter,
    });
    const request = serialiseCollectionRequest(authorization);
    const payload = encryptForSession(request, this.#encryption);
    return serialiseMessage({ ...this.#header(now), type: 'cca', payload });
  }

  /**
   * Verifies and decrypts a cargo from the gateway.
   *
   * @returns the messages in it
   * @throws {MalformedMessageError | InvalidMessageError}
   */
  open(octets: Uint8Array, now: Date): Uint8Array[] {
    const cargo = this.#verifier.read(octets, 'cargo');
    this.#verifier.verifyAuthorised(cargo, { at: now, anchors: [this.#issuer] });
    const plaintext = readEnvelopedData(cargo.payload).decrypt(this.#sessionKey.privateKey);
    return [...readMessageSet(plaintext)];
  }

  get #encryption() {
    const { registration, gateway } = this.#acquaintance;
    return {
      recipientKey: registration.sessionKey ?? gateway.sessionKey,
      senderKey: this.#sessionKey,
    };
  }

  #header(now: Date) {
    const { key, registration, gateway } = this.#acquaintance;
    return {
      recipient: {
        id: nodeIdOfKey(gateway.identityKey),
        internetAddress: gateway.internetAddress,
      },
      id: randomUUID(),
      createdAt: now,
      ttlSeconds: TTL_SECONDS,
      sender: registration.peerCertificate,
      attachedCertificates: [],
      sign: key.sign,
    };
  }
}
