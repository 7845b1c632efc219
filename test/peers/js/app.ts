import {
  type Certificate,
  CertificationPath,
  Channel,
  Endpoint,
  generateRSAKeyPair,
  getIdFromIdentityKey,
  issueDeliveryAuthorization,
  issueEndpointCertificate,
  MockKeyStoreSet,
  Parcel,
  PrivateEndpointConnParams,
  type ServiceMessage,
  type SessionKey,
} from '@relaycorp/relaynet-core';
import type { JsPhone } from './phone.ts';
import { arrayBuffer } from './values.ts';

const DAY_MS = 86_400_000;

class AppChannel extends Channel<ServiceMessage, string> {}

class AppNode extends Endpoint {
  protected readonly channelConstructor = AppChannel;
}

/** What an app must know of another to send it parcels. */
export type AppContact = PrivateEndpointConnParams;

/** An app, on a phone or the Internet, made of the deployed JavaScript library's classes. */
export class JsApp {
  readonly id: string;
  /** Where its parcels go: its own Internet address, or that of its phone's gateway. */
  readonly internetAddress: string;
  readonly #node: AppNode;
  readonly #certificate: Certificate;
  readonly #authorities: readonly Certificate[];

  private constructor(
    node: AppNode,
    parts: {
      readonly internetAddress: string;
      readonly certificate: Certificate;
      readonly authorities: readonly Certificate[];
    },
  ) {
    this.id = node.id;
    this.#node = node;
    this.internetAddress = parts.internetAddress;
    this.#certificate = parts.certificate;
    this.#authorities = parts.authorities;
  }

  static async onPhone({ keys, registration }: JsPhone): Promise<JsApp> {
    const node = await makeNode();
    const phoneCertificate = registration.privateNodeCertificate;
    const certificate = await issueEndpointCertificate({
      issuerCertificate: phoneCertificate,
      issuerPrivateKey: keys.privateKey,
      subjectPublicKey: node.identityKeyPair.publicKey,
      validityEndDate: phoneCertificate.expiryDate,
    });
    const internetAddress = registration.internetGatewayInternetAddress;
    return new JsApp(node, { internetAddress, certificate, authorities: [phoneCertificate] });
  }

  static async onInternet(internetAddress: string): Promise<JsApp> {
    const node = await makeNode();
    const certificate = await issueEndpointCertificate({
      issuerPrivateKey: node.identityKeyPair.privateKey,
      subjectPublicKey: node.identityKeyPair.publicKey,
      validityEndDate: new Date(Date.now() + DAY_MS),
    });
    return new JsApp(node, { internetAddress, certificate, authorities: [] });
  }

  /** Authorises another app to send to this one. @returns what the other must know */
  async contactFor(other: JsApp): Promise<AppContact> {
    return new PrivateEndpointConnParams(
      this.#node.identityKeyPair.publicKey,
      this.internetAddress,
      await this.authorise(other.#node.identityKeyPair.publicKey),
      await this.#node.generateSessionKey(other.id),
    );
  }

  /** Issues a delivery authorization (PDA). */
  async authorise(subjectPublicKey: CryptoKey): Promise<CertificationPath> {
    const authorization = await issueDeliveryAuthorization({
      issuerCertificate: this.#certificate,
      issuerPrivateKey: this.#node.identityKeyPair.privateKey,
      subjectPublicKey,
      validityEndDate: this.#certificate.expiryDate,
    });
    return new CertificationPath(authorization, [this.#certificate, ...this.#authorities]);
  }

  /** Makes a parcel for an app on a phone, under the authorization in its contact. */
  async writeToPhone(contact: AppContact, message: ServiceMessage): Promise<Buffer> {
    const channel = await this.#node.savePrivateEndpointChannel(contact);
    return Buffer.from(await channel.makeMessage(message, Parcel));
  }

  /** Makes a parcel for an Internet app, which needs no authorization. */
  async writeToInternet(
    peer: {
      readonly identityKey: CryptoKey;
      readonly internetGatewayAddress: string;
      readonly sessionKey: SessionKey;
    },
    message: ServiceMessage,
  ): Promise<Buffer> {
    const id = await getIdFromIdentityKey(peer.identityKey);
    const { certificateStore, publicKeyStore } = this.#node.keyStores;
    await certificateStore.save(new CertificationPath(this.#certificate, this.#authorities), id);
    await publicKeyStore.saveIdentityKey(peer.identityKey);
    await publicKeyStore.saveSessionKey(peer.sessionKey, id, new Date());
    const channel = await this.#node.getChannel(id, peer.internetGatewayAddress);
    if (!channel) {
      throw new Error('the library did not open a channel');
    }
    return Buffer.from(await channel.makeMessage(message, Parcel));
  }

  /** Validates and decrypts a parcel, and stores the session key in it. */
  async read(octets: Uint8Array): Promise<ReadParcel> {
    const parcel = await Parcel.deserialize(arrayBuffer(octets));
    await this.#node.validateMessage(parcel);
    const { payload, senderSessionKey } = await parcel.unwrapPayload(
      this.#node.keyStores.privateKeyStore,
    );
    const identityKey = await parcel.senderCertificate.getPublicKey();
    return { parcel, message: payload, senderIdentityKey: identityKey, senderSessionKey };
  }
}

export interface ReadParcel {
  readonly parcel: Parcel;
  readonly message: ServiceMessage;
  readonly senderIdentityKey: CryptoKey;
  readonly senderSessionKey: SessionKey;
}

async function makeNode(): Promise<AppNode> {
  const keys = await generateRSAKeyPair();
  return new AppNode(await getIdFromIdentityKey(keys.publicKey), keys, new MockKeyStoreSet(), {});
}
