import {
  type Certificate,
  generateRSAKeyPair,
  getIdFromIdentityKey,
  issueDeliveryAuthorization,
  issueEndpointCertificate,
  Parcel,
  ParcelCollectionHandshakeSigner,
  ParcelDeliverySigner,
  type PrivateNodeRegistration,
  PrivateNodeRegistrationRequest,
} from '@relaycorp/relaynet-core';
import { PoWebClient, ServerError } from '@relaycorp/relaynet-poweb';

type KeyPair = Awaited<ReturnType<typeof generateRSAKeyPair>>;

const TTL_SECONDS = 3_600;

/** How often a parcel is delivered before the gateway counts as one that cannot take it. */
const MOST_DELIVERIES = 5;
const UNAVAILABLE = /\(HTTP 503\)$/;

/** A private gateway with one endpoint, on the deployed JavaScript libraries. */
export class JsPhone {
  readonly client: PoWebClient;
  readonly keys: KeyPair;
  readonly registration: PrivateNodeRegistration;
  readonly #endpoint: {
    readonly keys: KeyPair;
    readonly id: string;
    readonly certificate: Certificate;
  };
  readonly #sender: { readonly keys: KeyPair; readonly certificate: Certificate };

  private constructor(parts: {
    readonly client: PoWebClient;
    readonly keys: KeyPair;
    readonly registration: PrivateNodeRegistration;
    readonly endpoint: {
      readonly keys: KeyPair;
      readonly id: string;
      readonly certificate: Certificate;
    };
    readonly sender: { readonly keys: KeyPair; readonly certificate: Certificate };
  }) {
    this.client = parts.client;
    this.keys = parts.keys;
    this.registration = parts.registration;
    this.#endpoint = parts.endpoint;
    this.#sender = parts.sender;
  }

  /** Registers with the gateway on a local port, and authorises an app to send to the phone's. */
  static register(port: number): Promise<JsPhone> {
    return JsPhone.registerBy(PoWebClient.initLocal(port));
  }

  /** The same with the gateway at a host and port with TLS, as in its SRV record. */
  static registerOverTls(host: string, port: number): Promise<JsPhone> {
    return JsPhone.registerBy(PoWebClient.initRemote(host, port));
  }

  private static async registerBy(client: PoWebClient): Promise<JsPhone> {
    const [keys, endpointKeys, senderKeys] = await Promise.all([
      generateRSAKeyPair(),
      generateRSAKeyPair(),
      generateRSAKeyPair(),
    ]);
    const registration = await registerKeys(client, keys);
    const gatewayCertificate = registration.privateNodeCertificate;
    const validityEndDate = gatewayCertificate.expiryDate;
    const certificate = await issueEndpointCertificate({
      issuerCertificate: gatewayCertificate,
      issuerPrivateKey: keys.privateKey,
      subjectPublicKey: endpointKeys.publicKey,
      validityEndDate,
    });
    const authorization = await issueDeliveryAuthorization({
      issuerCertificate: certificate,
      issuerPrivateKey: endpointKeys.privateKey,
      subjectPublicKey: senderKeys.publicKey,
      validityEndDate,
    });
    const id = await getIdFromIdentityKey(endpointKeys.publicKey);
    return new JsPhone({
      client,
      keys,
      registration,
      endpoint: { keys: endpointKeys, id, certificate },
      sender: { keys: senderKeys, certificate: authorization },
    });
  }

  get deliverySigner(): ParcelDeliverySigner {
    return new ParcelDeliverySigner(this.registration.privateNodeCertificate, this.keys.privateKey);
  }

  get collectionSigner(): ParcelCollectionHandshakeSigner {
    return new ParcelCollectionHandshakeSigner(
      this.registration.privateNodeCertificate,
      this.keys.privateKey,
    );
  }

  /** A parcel for this phone's app, from the app that is authorised to send to it. */
  async makeParcel(
    payload: Buffer,
    {
      id,
      internetAddress,
      creationDate = new Date(),
      ttl = TTL_SECONDS,
    }: { id?: string; internetAddress?: string; creationDate?: Date; ttl?: number } = {},
  ): Promise<ArrayBuffer> {
    const recipient = { id: this.#endpoint.id, ...(internetAddress && { internetAddress }) };
    const parcel = new Parcel(recipient, this.#sender.certificate, payload, {
      ...(id !== undefined && { id }),
      creationDate,
      ttl,
      senderCaCertificateChain: [
        this.#endpoint.certificate,
        this.registration.privateNodeCertificate,
      ],
    });
    return parcel.serialize(this.#sender.keys.privateKey);
  }

  /**
   * Delivers a parcel by PoWeb; again where the gateway cannot take it now, as the apps around the
   * client do, but only so often.
   *
   * @throws {ServerError | ParcelDeliveryError | RefusedParcelError}
   */
  async deliver(parcel: ArrayBuffer): Promise<void> {
    for (let deliveries = 1; ; deliveries++) {
      try {
        await this.client.deliverParcel(parcel, this.deliverySigner);
        return;
      } catch (error) {
        const isForNow = error instanceof ServerError && UNAVAILABLE.test(error.message);
        if (!isForNow || deliveries === MOST_DELIVERIES) {
          throw error;
        }
      }
    }
  }
}

export async function registerKeys(
  client: PoWebClient,
  keys: KeyPair,
): Promise<PrivateNodeRegistration> {
  const authorization = await client.preRegisterNode(keys.publicKey);
  const request = new PrivateNodeRegistrationRequest(keys.publicKey, authorization);
  return client.registerNode(await request.serialize(keys.privateKey));
}
