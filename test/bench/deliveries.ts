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
import type { AcceptingServerInfo, AcceptingServerSettings } from './servers/accepting-server.ts';
import { ChildServer } from './servers/child-server.ts';

/** What a phone sends to deliver a parcel. */
export interface Delivery {
  readonly parcel: Uint8Array;
  readonly authorization: string;
}

/** Starts a server that accepts parcels for the phone that {@link makeDeliveries} makes them for. */
export function startAcceptingServer(file: string): Promise<ChildServer<AcceptingServerInfo>> {
  const phone = identity('phone');
  const settings: AcceptingServerSettings = {
    phone: phone.nodeId,
    phoneKey: Buffer.from(phone.spki).toString('base64'),
  };
  return ChildServer.start(file, settings);
}

/** Countersigned parcels of one sender, with so many octets of payload each. */
export async function makeDeliveries(
  info: AcceptingServerInfo,
  count: number,
  payloadOctets: number,
): Promise<Delivery[]> {
  const now = new Date();
  const certificate = Certificate.parse(Buffer.from(info.phoneCertificate, 'base64'));
  const phone: Peer = { ...identity('phone'), certificate, issuers: [] };
  const recipient = await endpoint('recipient', phone, validAround(now));
  const sender = await authorisedSender('sender', recipient, validAround(now));
  const deliveries: Delivery[] = [];
  for (let index = 0; index < count; index++) {
    const parcel = await messageFrom(sender, {
      recipient: { id: recipient.nodeId },
      createdAt: new Date(now.getTime() - 60_000),
      payload: randomBytes(payloadOctets),
    });
    deliveries.push({ parcel, authorization: await countersign(parcel, phone) });
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
