/** One parcel's road from its sender over the recipient and its private gateway to us, for tests that bend it. */
import assert from 'node:assert/strict';
import { type FaultCode, InvalidMessageError } from '#awala/errors.ts';
import { MessageVerifier } from '#awala/message-verifier.ts';
import type { Certificate } from '#awala/x509/certificate.ts';
import { type CertificateTemplate, craftCertificate } from './crafted-certificates.ts';
import type { MessageTemplate } from './crafted-messages.ts';
import { type Identity, internetGateway, type Peer, type Validity, validAround } from './peers.ts';
import { parcelOn, type Road, roadUnder, secondsFrom } from './road.ts';

interface Acceptance {
  readonly at?: Date;
  readonly trusted?: readonly Certificate[];
  readonly verifier?: MessageVerifier;
}

/** All its certificates are valid from a day before `now` until 30 days after it. */
export class ParcelRoad implements Road {
  // Set by `at`.
  declare readonly now: Date;
  declare readonly validity: Validity;
  declare readonly us: Peer;
  declare readonly phone: Peer;
  declare readonly recipient: Peer;
  declare readonly sender: Peer;

  static async at(now: Date): Promise<ParcelRoad> {
    const us = await internetGateway('us', validAround(now));
    return Object.assign(new ParcelRoad(), await roadUnder(us, now));
  }

  get anchors(): readonly Certificate[] {
    return [this.us.certificate];
  }

  /** @param seconds - negative for the past */
  secondsFromNow(seconds: number): Date {
    return secondsFrom(this, seconds);
  }

  parcel(template: Partial<MessageTemplate> = {}): Uint8Array {
    return parcelOn(this, template);
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
