import { randomBytes } from 'node:crypto';
import { type Agent, request } from 'node:http';
import { Certificate } from '#awala/x509/certificate.ts';
import {
  authorisedSender,
  countersign,
  endpoint,
  identity,
  messageFrom,
  type Peer,
  validAround,
} from '#test/builders/peers.ts';
import { APP_ADDRESS } from '#test/peers/internet-app.ts';
import type { Phone } from '#test/peers/phone.ts';
import type { AcceptingServerInfo, AcceptingServerSettings } from './servers/accepting-server.ts';
import { ChildServer } from './servers/child-server.ts';

/** What a phone sends to deliver a parcel. */
export interface Delivery {
  readonly parcel: Uint8Array;
  readonly authorization: string;
}

/** Starts a server that accepts parcels for the phone that {@link partiesOf} tells of. */
export function startAcceptingServer(file: string): Promise<ChildServer<AcceptingServerInfo>> {
  const phone = identity('phone');
  const settings: AcceptingServerSettings = {
    phone: phone.nodeId,
    phoneKey: Buffer.from(phone.spki).toString('base64'),
  };
  return ChildServer.start(file, settings);
}

/** Who writes to an app on a phone. */
type Parties = Pick<Phone, 'phone' | 'recipient' | 'sender'>;

/** Those whose parcels the server accepts. */
export async function partiesOf({ info }: ChildServer<AcceptingServerInfo>): Promise<Parties> {
  const certificate = Certificate.parse(Buffer.from(info.phoneCertificate, 'base64'));
  const phone: Peer = { ...identity('phone'), certificate, issuers: [] };
  const validity = validAround(new Date());
  const recipient = await endpoint('recipient', phone, validity);
  return { phone, recipient, sender: await authorisedSender('sender', recipient, validity) };
}

/** A parcel for the app, or from it to the Internet. */
export function makeParcel(
  { sender, recipient }: Parties,
  payloadOctets: number,
  to: 'phone' | 'Internet' = 'phone',
): Promise<Uint8Array> {
  const fields = {
    createdAt: new Date(Date.now() - 60_000),
    payload: randomBytes(payloadOctets),
  };
  return to === 'phone'
    ? messageFrom(sender, { ...fields, recipient: { id: recipient.nodeId } })
    : messageFrom(recipient, {
        ...fields,
        recipient: { id: sender.nodeId, internetAddress: APP_ADDRESS },
      });
}

/** Such parcels, countersigned by the phone. */
export async function makeDeliveries(
  parties: Parties,
  count: number,
  payloadOctets: number,
  to: 'phone' | 'Internet' = 'phone',
): Promise<Delivery[]> {
  const deliveries: Delivery[] = [];
  while (deliveries.length < count) {
    const parcel = await makeParcel(parties, payloadOctets, to);
    deliveries.push({ parcel, authorization: await countersign(parcel, parties.phone) });
  }
  return deliveries;
}

/** @throws unless the server answers 202 */
export function deliver(
  port: number,
  agent: Agent,
  { parcel, authorization }: Delivery,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/vnd.awala.parcel',
      'content-length': parcel.length,
      authorization,
    };
    const options = {
      port,
      agent,
      headers,
      host: '127.0.0.1',
      method: 'POST',
      path: '/v1/parcels',
    };
    const outgoing = request(options, (response) => {
      const { statusCode } = response;
      response.resume();
      response.on('end', () =>
        statusCode === 202 ? resolve() : reject(new Error(`the server answered ${statusCode}`)),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(parcel);
  });
}
