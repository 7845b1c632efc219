import { randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
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
import { atLeast, figure, milliseconds, type Row } from '../report.ts';
import type { AcceptingServerInfo, AcceptingServerSettings } from '../servers/accepting-server.ts';
import { ChildServer } from '../servers/child-server.ts';

const CONNECTIONS = 50;
const PARCEL_OCTETS = 1024;

interface Delivery {
  readonly parcel: Uint8Array;
  readonly authorization: string;
}

/** From the HTTP request to 202 on the embedded store, in the CPU time of the server alone. */
export async function run(): Promise<readonly Row[]> {
  const ours = await measure('./accept-ours.ts', { warmUp: 500, parcels: 4_000 });
  const peer = await measure('./accept-peer.ts', { warmUp: 50, parcels: 300 });
  return [
    {
      work: `HTTP POST to 202, embedded store, ${CONNECTIONS} connections, 1 KiB: server CPU each`,
      peer: milliseconds(peer.cpuMs),
      ours: milliseconds(ours.cpuMs),
      floor: '',
      requirements: [atLeast('parcels per CPU second of the peer', peer.cpuMs / ours.cpuMs, 30)],
    },
    {
      work: 'the same, parcels per second',
      peer: figure(peer.perSecond),
      ours: figure(ours.perSecond),
      floor: '',
      requirements: [],
    },
  ];
}

async function measure(file: string, { warmUp, parcels }: { warmUp: number; parcels: number }) {
  const phone = identity('phone');
  const settings: AcceptingServerSettings = {
    phone: phone.nodeId,
    phoneKey: Buffer.from(phone.spki).toString('base64'),
  };
  await using server = await ChildServer.start<AcceptingServerInfo>(file, settings);
  const deliveries = await makeDeliveries(server.info, warmUp + parcels);
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  await deliverAll(server.info.port, agent, deliveries.slice(0, warmUp));
  const before = await server.vitals();
  const startMs = performance.now();
  await deliverAll(server.info.port, agent, deliveries.slice(warmUp));
  const seconds = (performance.now() - startMs) / 1_000;
  const after = await server.vitals();
  agent.destroy();
  return { cpuMs: (after.cpuMs - before.cpuMs) / parcels, perSecond: parcels / seconds };
}

async function makeDeliveries(info: AcceptingServerInfo, count: number): Promise<Delivery[]> {
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
      payload: randomBytes(PARCEL_OCTETS),
    });
    deliveries.push({ parcel, authorization: await countersign(parcel, phone) });
  }
  return deliveries;
}

async function deliverAll(port: number, agent: Agent, deliveries: readonly Delivery[]) {
  const remaining = deliveries.values();
  const workers = Array.from({ length: CONNECTIONS }, async () => {
    for (const delivery of remaining) {
      await deliver(port, agent, delivery);
    }
  });
  await Promise.all(workers);
}

function deliver(port: number, agent: Agent, { parcel, authorization }: Delivery): Promise<void> {
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
