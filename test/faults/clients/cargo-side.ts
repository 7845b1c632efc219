import { randomUUID } from 'node:crypto';
import { readMessageSet, typeOfCargoMessage } from '#awala/cargo/message-set.ts';
import { serialisePca } from '#awala/cargo/pca.ts';
import { readEnvelopedData } from '#awala/cms/enveloped-data.ts';
import type { ConnectionParameters } from '#awala/connection-parameters.ts';
import { MessageVerifier } from '#awala/message-verifier.ts';
import { nodeIdOfKey } from '#awala/node-id.ts';
import { generateSessionKey } from '#awala/sessions/session-key.ts';
import { cargoKey } from '#gateway/held/object-keys.ts';
import { type AndroidHeader, androidCargo, androidCca } from '#test/builders/android-messages.ts';
import { whyAndroidDrops } from '#test/cogrpc/android-courier.ts';
import type { LoadPhone } from './load-phone.ts';

const TTL_SECONDS = 86_400;

export interface PackedCargo {
  readonly octets: Uint8Array;
  /** Of the object that the gateway stores it as. */
  readonly key: string;
}

interface ReceivedParcel {
  readonly id: string;
  /** What tells the gateway that it arrived. */
  readonly acknowledgement: Uint8Array;
}

/** The side of an Android phone that couriers see. */
export class CargoSide {
  readonly #phone: LoadPhone;
  readonly #gateway: ConnectionParameters;
  readonly #sessionKey = generateSessionKey();
  readonly #verifier = new MessageVerifier();

  constructor(phone: LoadPhone, gateway: ConnectionParameters) {
    this.#phone = phone;
    this.#gateway = gateway;
  }

  pack(messages: readonly Uint8Array[]): PackedCargo {
    const id = randomUUID();
    const octets = androidCargo(this.#header, { messages, id, ttlSeconds: TTL_SECONDS });
    return { octets, key: cargoKey({ sender: this.#phone.peer.nodeId, cargoId: id }) };
  }

  /** A CCA, which is good for one collection. */
  authorisation(): Promise<Buffer> {
    return androidCca(this.#header);
  }

  /**
   * Decrypts a cargo, as the phone does with what its courier kept.
   *
   * @returns the parcels in it; none if the courier would have dropped it
   */
  open(octets: Uint8Array): ReceivedParcel[] {
    if (whyAndroidDrops(octets, new Date()) !== null) {
      return [];
    }
    const { payload } = this.#verifier.read(octets, 'cargo');
    const plaintext = readEnvelopedData(payload).decrypt(this.#sessionKey.privateKey);
    const parcels = [...readMessageSet(plaintext)].filter(
      (message) => typeOfCargoMessage(message) === 'parcel',
    );
    return parcels.map((parcel) => {
      const { id, sender, recipient } = this.#verifier.read(parcel, 'parcel');
      const ids = { senderId: sender.nodeId, recipientId: recipient.id, parcelId: id };
      return { id, acknowledgement: serialisePca(ids) };
    });
  }

  get #header(): AndroidHeader {
    const { identityKey, internetAddress } = this.#gateway;
    return {
      sender: this.#phone.peer,
      gateway: { nodeId: nodeIdOfKey(identityKey), internetAddress, identityKey },
      encryption: { recipientKey: this.#phone.gatewayKey, senderKey: this.#sessionKey },
      now: new Date(),
    };
  }
}
