import { randomBytes } from 'node:crypto';
import { CargoPhone } from '#services/standalone/ping/cargo-phone.ts';
import type { NodeKey } from '#services/standalone/ping/phone.ts';
import { PowebClient } from '#services/standalone/ping/poweb-client.ts';
import {
  authorisedSender,
  countersign,
  endpoint,
  identity,
  messageFrom,
  type Peer,
  validAround,
} from '#test/builders/peers.ts';
import type { Delivery } from '../deliveries.ts';

const PATIENCE_MS = 20_000;
/** Where nobody listens: parcels to it are stored and queued. */
export const INTERNET_ADDRESS = 'app.example';

/** A phone that is registered over PoWeb, with an app that may be written to and one that writes. */
export class CloudPhone {
  readonly peer: Peer;
  /** How its cargo is packed and opened. */
  readonly cargo: CargoPhone;
  readonly #recipient: Peer;
  readonly #sender: Peer;

  private constructor(parts: {
    readonly peer: Peer;
    readonly cargo: CargoPhone;
    readonly recipient: Peer;
    readonly sender: Peer;
  }) {
    this.peer = parts.peer;
    this.cargo = parts.cargo;
    this.#recipient = parts.recipient;
    this.#sender = parts.sender;
  }

  /** @param port - of PoWeb on this machine */
  static async register(port: number, name = 'phone'): Promise<CloudPhone> {
    const client = new PowebClient(new URL(`http://127.0.0.1:${port}`));
    const self = identity(name);
    const key: NodeKey = { publicKeyDer: self.spki, nodeId: self.nodeId, sign: self.sign };
    const gateway = await client.connectionParameters(AbortSignal.timeout(PATIENCE_MS));
    const registration = await client.register(key, AbortSignal.timeout(PATIENCE_MS));
    const cargo = await CargoPhone.of({ key, registration, gateway }, new Date());
    const peer: Peer = { ...self, certificate: registration.peerCertificate, issuers: [] };
    const validity = { ...validAround(new Date()), notBefore: peer.certificate.notBefore };
    const recipient = await endpoint('recipient', peer, validity);
    const sender = await authorisedSender('sender', recipient, validity);
    return new CloudPhone({ peer, cargo, recipient, sender });
  }

  /** A parcel from the one app to the other, or to an app on the Internet. */
  makeParcel(payloadOctets: number, to: 'phone' | 'Internet' = 'phone'): Promise<Uint8Array> {
    const [sender, recipient] =
      to === 'phone'
        ? [this.#sender, { id: this.#recipient.nodeId }]
        : [this.#recipient, { id: this.#sender.nodeId, internetAddress: INTERNET_ADDRESS }];
    const createdAt = new Date(Date.now() - 60_000);
    return messageFrom(sender, { recipient, createdAt, payload: randomBytes(payloadOctets) });
  }

  async makeDeliveries(
    count: number,
    payloadOctets: number,
    to: 'phone' | 'Internet' = 'phone',
  ): Promise<Delivery[]> {
    const deliveries: Delivery[] = [];
    for (let index = 0; index < count; index++) {
      const parcel = await this.makeParcel(payloadOctets, to);
      deliveries.push({ parcel, authorization: await countersign(parcel, this.peer) });
    }
    return deliveries;
  }
}
