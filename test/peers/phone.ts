import assert from 'node:assert/strict';
import { parseRegistration, type Registration } from '#awala/registration/registration.ts';
import { serialiseRegistrationRequest } from '#awala/registration/request.ts';
import type { SessionKey } from '#awala/sessions/session-key.ts';
import {
  authorisedSender,
  countersign,
  endpoint,
  identity,
  type MessageFields,
  messageFrom,
  type Peer,
  preRegistrationBody,
  type Validity,
  validAround,
} from '#test/builders/peers.ts';
import { Collector, type CollectorOptions } from './collector.ts';
import { HttpClient, PARCEL_TYPE } from './http-client.ts';
import { APP_ADDRESS } from './internet-app.ts';

/** The id of an Internet app. */
export const APP_ID = `0${'b'.repeat(64)}`;

interface PhoneParts {
  readonly now: Date;
  readonly validity: Validity;
  readonly phone: Peer;
  readonly recipient: Peer;
  readonly sender: Peer;
  readonly registration: Registration & { readonly sessionKey: SessionKey };
}

/** A private gateway that registered by PoWeb, with an app, and a sender authorised by that app. */
export class Phone implements PhoneParts {
  /** When it registered. */
  readonly now: Date;
  /** Validity of the certificates that the phone and its app issued. */
  readonly validity: Validity;
  /** The private gateway itself. */
  readonly phone: Peer;
  /** Its app. */
  readonly recipient: Peer;
  readonly sender: Peer;
  readonly registration: PhoneParts['registration'];
  readonly #port: number;

  private constructor(port: number, parts: PhoneParts) {
    this.#port = port;
    this.now = parts.now;
    this.validity = parts.validity;
    this.phone = parts.phone;
    this.recipient = parts.recipient;
    this.sender = parts.sender;
    this.registration = parts.registration;
  }

  /**
   * @param port - of PoWeb on this machine
   * @param name - phones of different names have different keys
   */
  static async register(port: number, name = 'phone', now = new Date()): Promise<Phone> {
    const self = identity(name);
    using client = new HttpClient(port);
    const post = async (path: string, type: string, body: Uint8Array | string) => {
      const answer = await client.post(path, { headers: { 'content-type': type }, body });
      assert.equal(answer.status, 200);
      return answer.body;
    };
    const digest = preRegistrationBody(self);
    const authorization = await post('/v1/pre-registrations', 'text/plain', digest);
    const type = 'application/vnd.awala.node-registration.request';
    const request = { publicKey: self.spki, authorization };
    const registration = parseRegistration(
      await post('/v1/nodes', type, await serialiseRegistrationRequest(request, self.sign)),
    );
    const { peerCertificate: certificate, sessionKey } = registration;
    assert.ok(sessionKey);
    const phone: Peer = { ...self, certificate, issuers: [] };
    const validity = validAround(now);
    const recipient = await endpoint('recipient', phone, validity);
    const sender = await authorisedSender('sender', recipient, validity);
    const parts = { now, validity, phone, recipient, sender };
    return new Phone(port, { ...parts, registration: { ...registration, sessionKey } });
  }

  /** A parcel from the sender to the app. */
  parcel(fields: Partial<MessageFields> = {}): Promise<Uint8Array> {
    const recipient = { id: this.recipient.nodeId };
    return messageFrom(this.sender, { recipient, createdAt: new Date(), ...fields });
  }

  /** A parcel from the app to an Internet app. */
  parcelToInternet(fields: Partial<MessageFields> = {}): Promise<Uint8Array> {
    const recipient = { id: APP_ID, internetAddress: APP_ADDRESS };
    return messageFrom(this.recipient, { recipient, createdAt: new Date(), ...fields });
  }

  /** Delivers a parcel, by default a new one for the app; fails unless it is accepted. @returns the parcel */
  async deliver(given?: Uint8Array): Promise<Uint8Array> {
    const parcel = given ?? (await this.parcel());
    using client = new HttpClient(this.#port);
    const { status } = await client.post('/v1/parcels', await postingOf(parcel, this.phone));
    assert.equal(status, 202);
    return parcel;
  }

  /** Connects to collect, and answers the challenge. */
  collect(port = this.#port, options: CollectorOptions = {}): Promise<Collector> {
    return Collector.open(port, [this.phone], options);
  }
}

/** What a phone posts to `/v1/parcels` to deliver a parcel. */
export async function postingOf(parcel: Uint8Array, phone: Peer) {
  const authorization = await countersign(parcel, phone);
  return { headers: { 'content-type': PARCEL_TYPE, authorization }, body: parcel };
}
