import { type CertificateTemplate, craftCertificate } from './crafted-certificates.ts';
import { craftMessage, type MessageTemplate } from './crafted-messages.ts';
import {
  authorisedSender,
  endpoint,
  type Identity,
  type Peer,
  privateGateway,
  type Validity,
  validAround,
} from './peers.ts';

/** Who writes to whom, and when. */
export interface Correspondence {
  readonly now: Date;
  readonly sender: Peer;
  readonly recipient: Peer;
}

/** A correspondence with an endpoint behind a phone, under a given Internet gateway. */
export interface Road extends Correspondence {
  readonly validity: Validity;
  readonly us: Peer;
  readonly phone: Peer;
}

/** @param phoneName - phones of different names have different keys */
export async function roadUnder(us: Peer, now: Date, phoneName = 'phone'): Promise<Road> {
  const validity = validAround(now);
  const phone = await privateGateway(phoneName, us, validity);
  const recipient = await endpoint('recipient', phone, validity);
  const sender = await authorisedSender('sender', recipient, validity);
  return { now, validity, us, phone, recipient, sender };
}

/** A valid parcel, but for what the template says. */
export function parcelOn(
  { sender, recipient, now }: Correspondence,
  template: Partial<MessageTemplate> = {},
): Uint8Array {
  return craftMessage({ sender, recipient: recipient.nodeId, createdAt: now, ...template });
}

/** `subject` with a certificate by `issuer`, who may not have the right to issue it. */
export function certified(
  road: Road,
  subject: Identity,
  issuer: Peer,
  template: Partial<CertificateTemplate> = {},
): Peer {
  const certificate = craftCertificate({ ...road.validity, subject, issuer, ...template });
  const isIssuerOurs = issuer.nodeId === road.us.nodeId;
  const issuers = isIssuerOurs ? [] : [issuer.certificate, ...issuer.issuers];
  return { ...subject, certificate, issuers };
}

/** A point in time relative to the road's, in seconds. */
export function secondsFrom({ now }: Correspondence, seconds: number): Date {
  return new Date(now.getTime() + seconds * 1_000);
}
