import { Agent } from 'node:http';
import {
  type Delivery,
  deliver,
  makeDeliveries,
  partiesOf,
  startAcceptingServer,
} from '../deliveries.ts';
import { median } from '../measure.ts';
import { atLeast, figure, milliseconds, type Row } from '../report.ts';

const CONNECTIONS = 50;
const PARCEL_OCTETS = 1024;
const ROUNDS = 3;

interface Work {
  readonly warmUp: number;
  readonly parcelsPerRound: number;
}

/** From the HTTP request to 202 on the embedded store, in the CPU time of the server alone: the median of some rounds, by turns. */
export async function run(): Promise<readonly Row[]> {
  await using ours = await Candidate.start('./accept-ours.ts', {
    warmUp: 1_000,
    parcelsPerRound: 2_000,
  });
  await using peer = await Candidate.start('./accept-peer.ts', {
    warmUp: 50,
    parcelsPerRound: 150,
  });
  for (let round = 0; round < ROUNDS; round++) {
    await ours.measure();
    await peer.measure();
  }
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

type AcceptingServer = Awaited<ReturnType<typeof startAcceptingServer>>;

/** A server that accepts parcels, and what its rounds took. */
class Candidate implements AsyncDisposable {
  readonly #server: AcceptingServer;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  readonly #deliveries: ArrayIterator<Delivery>;
  readonly #parcelsPerRound: number;
  readonly #cpuMs: number[] = [];
  readonly #perSecond: number[] = [];

  private constructor(server: AcceptingServer, deliveries: readonly Delivery[], work: Work) {
    this.#server = server;
    this.#deliveries = deliveries.values();
    this.#parcelsPerRound = work.parcelsPerRound;
  }

  static async start(file: string, work: Work): Promise<Candidate> {
    const server = await startAcceptingServer(file);
    const count = work.warmUp + ROUNDS * work.parcelsPerRound;
    const deliveries = await makeDeliveries(await partiesOf(server), count, PARCEL_OCTETS);
    const candidate = new Candidate(server, deliveries, work);
    await candidate.#deliver(work.warmUp);
    return candidate;
  }

  /** Milliseconds of CPU time for a parcel. */
  get cpuMs(): number {
    return median(this.#cpuMs);
  }

  get perSecond(): number {
    return median(this.#perSecond);
  }

  async measure(): Promise<void> {
    const parcels = this.#parcelsPerRound;
    const before = await this.#server.vitals();
    const startMs = performance.now();
    await this.#deliver(parcels);
    this.#perSecond.push((parcels * 1_000) / (performance.now() - startMs));
    const after = await this.#server.vitals();
    this.#cpuMs.push((after.cpuMs - before.cpuMs) / parcels);
  }

  #deliver(count: number): Promise<void> {
    return deliverAll(this.#server.info.port, this.#agent, this.#deliveries.take(count).toArray());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy();
    await this.#server[Symbol.asyncDispose]();
  }
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
