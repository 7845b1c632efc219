import { Agent } from 'node:http';
import { type Delivery, deliver, makeDeliveries, startAcceptingServer } from '../deliveries.ts';
import { atLeast, figure, milliseconds, type Row } from '../report.ts';

const CONNECTIONS = 50;
const PARCEL_OCTETS = 1024;

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
  await using server = await startAcceptingServer(file);
  const deliveries = await makeDeliveries(server.info, warmUp + parcels, PARCEL_OCTETS);
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

async function deliverAll(port: number, agent: Agent, deliveries: readonly Delivery[]) {
  const remaining = deliveries.values();
  const workers = Array.from({ length: CONNECTIONS }, async () => {
    for (const delivery of remaining) {
      await deliver(port, agent, delivery);
    }
  });
  await Promise.all(workers);
}
