import { randomUUID } from 'node:crypto';
import { serialiseCollectionRequest } from '#awala/cargo/cca.ts';
import { readMessageSet, typeOfCargoMessage } from '#awala/cargo/message-set.ts';
import { packCargo } from '#awala/cargo/pack-cargo.ts';
import { serialisePca } from '#awala/cargo/pca.ts';
import { readEnvelopedData } from '#awala/cms/enveloped-data.ts';
import { encryptForSession } from '#awala/cms/enveloped-data-writer.ts';
import type { ConnectionParameters } from '#awala/connection-parameters.ts';
import { MessageVerifier } from '#awala/message-verifier.ts';
import { nodeIdOfKey } from '#awala/node-id.ts';
import { generateSessionKey } from '#awala/sessions/session-key.ts';
import { issueDeliveryAuthorization } from '#awala/x509/issuance.ts';
import { cargoKey } from '#gateway/object-keys.ts';
import { internetGateway, messageFrom, type Peer, validAround } from '#test/builders/peers.ts';
import type { LoadPhone } from './load-phone.ts';

const TTL_SECONDS = 86_400;

export interface PackedCargo {
  readonly octets: Uint8Array;
  /** Of the object that the gateway stores it as. */
  readonly key: string;
}

export interface ReceivedParcel {
  readonly id: string;
  /** What tells the gateway that it arrived. */
  readonly acknowledgement: Uint8Array;
}

/** The side of a phone that couriers see. */
export class CargoSide {
  readonly #phone: LoadPhone;
  readonly #gateway: ConnectionParameters;
  /** What the phone authorises the gateway with. */
  readonly #issuer: Peer;
  readonly #sessionKey = generateSessionKey();
  readonly #verifier = new MessageVerifier();

  private constructor(phone: LoadPhone, gateway: ConnectionParameters, issuer: Peer) {
    this.#phone = phone;
    this.#gateway = gateway;
    this.#issuer = issuer;
  }

  static async of(phone: LoadPhone, gateway: ConnectionParameters): Promise<CargoSide> {
    const issuer = await internetGateway(phone.name, validAround(new Date()));
    return new CargoSide(phone, gateway, issuer);
  }

  async pack(messages: readonly Uint8Array[]): Promise<PackedCargo> {
    const cargoId = randomUUID();
    const { peer } = this.#phone;
    const octets = await packCargo({
      ...this.#header,
      id: cargoId,
      messages,
      encryption: this.#encryption,
      sender: peer.certificate,
      attachedCertificates: peer.issuers,
      sign: peer.sign,
    });
    return { octets, key: cargoKey({ sender: peer.nodeId, cargoId }) };
  }

  /** A CCA, which is good for one collection. */
  async authorisation(): Promise<Buffer> {
    const { certificate, spki, sign } = this.#issuer;
    const { notBefore, notAfter } = certificate;
    const cda = await issueDeliveryAuthorization({
      subjectKey: this.#gateway.identityKey,
      issuer: certificate,
      issuerKey: spki,
      sign,
      notBefore,
      notAfter,
    });
    const payload = encryptForSession(serialiseCollectionRequest(cda), this.#encryption);
    const fields = { ...this.#header, type: 'cca', payload } as const;
    return Buffer.from(await messageFrom(this.#phone.peer, fields));
  }

  /** Verifies and decrypts a cargo. @returns the parcels in it */
  open(octets: Uint8Array): ReceivedParcel[] {
    const cargo = this.#verifier.read(octets, 'cargo');
    const anchors = [this.#issuer.certificate];
    this.#verifier.verifyAuthorised(cargo, { at: new Date(), anchors });
    const plaintext = readEnvelopedData(cargo.payload).decrypt(this.#sessionKey.privateKey);
    const parcels = [...readMessageSet(plaintext)].filter(
      (message) => typeOfCargoMessage(message) === 'parcel',
    );
    return parcels.map((parcel) => {
      const { id, sender, recipient } = this.#verifier.read(parcel, 'parcel');
      const ids = { senderId: sender.nodeId, recipientId: recipient.id, parcelId: id };
      return { id, acknowledgement: serialisePca(ids) };
    });
  }

  get #header() {
    const { identityKey, internetAddress } = this.#gateway;
    const recipient = { id: nodeIdOfKey(identityKey), internetAddress };
    return { recipient, createdAt: new Date(), ttlSeconds: TTL_SECONDS };
  }

  get #encryption() {
    return { recipientKey: this.#gateway.sessionKey, senderKey: this.#sessionKey };
  }
}
