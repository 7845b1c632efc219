/** One parcel's road from its sender over the recipient and its private gateway to us, for tests that bend it. */
import assert from 'node:assert/strict';
import { type FaultCode, InvalidMessageError } from '#awala/errors.ts';
import { MessageVerifier } from '#awala/message-verifier.ts';
import type { Certificate } from '#awala/x509/certificate.ts';
import { type CertificateTemplate, craftCertificate } from './crafted-certificates.ts';
import { craftMessage, type MessageTemplate } from './crafted-messages.ts';
import {
  authorisedSender,
  endpoint,
  type Identity,
  internetGateway,
  type Peer,
  privateGateway,
  type Validity,
  validAround,
} from './peers.ts';

interface Acceptance {
  readonly at?: Date;
  readonly trusted?: readonly Certificate[];
  readonly verifier?: MessageVerifier;
}

export class ParcelRoad {
  readonly now: Date;
  readonly validity: Validity;
  readonly us: Peer;
  readonly phone: Peer;
  readonly recipient: Peer;
  readonly sender: Peer;

  private constructor(now: Date, peers: Pick<ParcelRoad, 'us' | 'phone' | 'recipient' | 'sender'>) {
    this.now = now;
    this.validity = validAround(now);
    this.us = peers.us;
    this.phone = peers.phone;
    this.recipient = peers.recipient;
    this.sender = peers.sender;
  }

  /** All certificates are valid from a day before `now` until 30 days after it. */
  static async at(now: Date): Promise<ParcelRoad> {
    const validity = validAround(now);
    const us = await internetGateway('us', validity);
    const phone = await privateGateway('phone', us, validity);
    const recipient = await endpoint('recipient', phone, validity);
    const sender = await authorisedSender('sender', recipient, validity);
    return new ParcelRoad(now, { us, phone, recipient, sender });
  }

  get anchors(): readonly Certificate[] {
    return [this.us.certificate];
  }

  /** @param seconds - negative for the past */
  secondsFromNow(seconds: number): Date {
    return new Date(this.now.getTime() + seconds * 1000);
  }

  parcel(template: Partial<MessageTemplate> = {}): Uint8Array {
    const { sender, recipient, now } = this;
    return craftMessage({ sender, recipient: recipient.nodeId, createdAt: now, ...template });
  }

  /** Reads and verifies the parcel as if it had just come in; returns its path. */
  accept(octets: Uint8Array, acceptance: Acceptance = {}): readonly Certificate[] {
    const { at = this.now, trusted = this.anchors, verifier = new MessageVerifier() } = acceptance;
    return verifier.verifyParcel(verifier.read(octets, 'parcel'), { at, anchors: trusted });
  }

  /** The peer, with a certificate of the test's making, issued by `issuer` unless the template says otherwise. */
  withCertificate(peer: Identity, template: Partial<CertificateTemplate>, issuer: Peer): Peer {
    const certificate = craftCertificate({ ...this.validity, subject: peer, issuer, ...template });
    return { ...peer, certificate, issuers: [issuer.certificate, ...issuer.issuers] };
  }
}

/** Asserts that `action` throws an InvalidMessageError with that code. */
export function refuses(code: FaultCode, action: () => unknown): void {
  assert.throws(action, (error) => {
    assert.ok(error instanceof InvalidMessageError, String(error));
    assert.equal(error.code, code, error.message);
    return true;
  });
}
