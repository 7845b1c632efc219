import { generateKeyPair, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { type Sign, type Signer, signDetached } from '#awala/cms/signed-data-writer.ts';
import { type NodeId, nodeIdOfKey } from '#awala/node-id.ts';
import { serialiseMessage } from '#awala/ramf/message-writer.ts';
import type { Registration } from '#awala/registration/registration.ts';
import type { Certificate } from '#awala/x509/certificate.ts';
import { issueDeliveryAuthorization, issueEndpointCertificate } from '#awala/x509/issuance.ts';
import { signRsaPss } from '#awala/x509/rsa-pss.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const PARCEL_TTL_SECONDS = 600;
const MODULUS_BITS = 2048;

const generate = promisify(generateKeyPair);

/** A node's identity key, for the duration of a ping. */
export interface NodeKey {
  readonly publicKeyDer: Uint8Array;
  readonly nodeId: NodeId;
  readonly sign: Sign;
}

/** Generates an identity key. */
export async function makeNodeKey(): Promise<NodeKey> {
  const { publicKey, privateKey } = await generate('rsa', { modulusLength: MODULUS_BITS });
  const publicKeyDer = publicKey.export({ format: 'der', type: 'spki' });
  return {
    publicKeyDer,
    nodeId: nodeIdOfKey(publicKeyDer),
    sign: (data) => signRsaPss(privateKey, data),
  };
}

interface MadeParcel {
  readonly id: string;
  readonly octets: Uint8Array;
  readonly senderId: NodeId;
  readonly recipientId: NodeId;
}

interface ParcelOptions {
  readonly payload: Uint8Array;
  readonly now: Date;
  /** Of the recipient's gateway, for parcels that come from the Internet. */
  readonly internetAddress?: string;
}

/**
 * A throw-away phone: a private gateway with two apps, one of which may send parcels to the other.
 */
export class Phone {
  readonly #gateway: NodeKey;
  readonly #registration: Registration;
  readonly #recipient: NodeKey;
  readonly #sender: NodeKey;

  private constructor(gateway: NodeKey, registration: Registration, apps: [NodeKey, NodeKey]) {
    this.#gateway = gateway;
    this.#registration = registration;
    [this.#sender, this.#recipient] = apps;
  }

  static async withApps(gateway: NodeKey, registration: Registration): Promise<Phone> {
    const apps = await Promise.all([makeNodeKey(), makeNodeKey()]);
    return new Phone(gateway, registration, apps);
  }

  /** Makes a parcel from one app of the phone to the other. */
  async makeParcel({ payload, now, internetAddress }: ParcelOptions): Promise<MadeParcel> {
    const recipientCertificate = await this.#certifyRecipient(now);
    const authorization = await issueDeliveryAuthorization({
      ...this.#issuedBy(recipientCertificate, this.#recipient, now),
      subjectKey: this.#sender.publicKeyDer,
    });
    const id = randomUUID();
    const octets = await serialiseMessage({
      type: 'parcel',
      recipient: {
        id: this.#recipient.nodeId,
        ...(internetAddress !== undefined && { internetAddress }),
      },
      id,
      createdAt: now,
      ttlSeconds: PARCEL_TTL_SECONDS,
      payload,
      sender: authorization,
      attachedCertificates: [recipientCertificate, this.#registration.peerCertificate],
      sign: this.#sender.sign,
    });
    return { id, octets, senderId: this.#sender.nodeId, recipientId: this.#recipient.nodeId };
  }

  /** Makes a parcel from an app of the phone to one on the Internet. */
  async makeParcelFor(
    recipient: { readonly id: NodeId; readonly internetAddress: string },
    { payload, now }: ParcelOptions,
  ): Promise<Uint8Array> {
    return serialiseMessage({
      type: 'parcel',
      recipient,
      id: randomUUID(),
      createdAt: now,
      ttlSeconds: PARCEL_TTL_SECONDS,
      payload,
      sender: await this.#certifyRecipient(now),
      attachedCertificates: [this.#registration.peerCertificate],
      sign: this.#recipient.sign,
    });
  }

  /** The countersignature with which the phone delivers the parcel (RS-016 "Parcel delivery"). */
  countersign(parcel: Uint8Array): Promise<Uint8Array> {
    return signDetached(parcel, 'parcel-delivery', this.#signer);
  }

  /** Proves to the gateway who is collecting (RS-016 "Parcel collection"). */
  answerChallenge(nonce: Uint8Array): Promise<Uint8Array> {
    return signDetached(nonce, 'collection-handshake', this.#signer);
  }

  get #signer(): Signer {
    return { certificate: this.#registration.peerCertificate, sign: this.#gateway.sign };
  }

  #certifyRecipient(now: Date): Promise<Certificate> {
    return issueEndpointCertificate({
      ...this.#issuedBy(this.#registration.peerCertificate, this.#gateway, now),
      subjectKey: this.#recipient.publicKeyDer,
    });
  }

  #issuedBy(issuer: Certificate, key: NodeKey, now: Date) {
    return {
      issuer,
      issuerKey: key.publicKeyDer,
      sign: key.sign,
      notBefore: new Date(Math.max(now.getTime() - HOUR_MS, issuer.notBefore.getTime())),
      notAfter: new Date(now.getTime() + DAY_MS),
    };
  }
}
