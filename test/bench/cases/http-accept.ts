import { Agent } from 'node:http';
import {
  type Delivery,
  deliver,
  makeDeliveries,
  partiesOf,
  startAcceptingServer,
} from '../deliveries.ts';
import { ProcessorMeter } from '../machine/processor-meter.ts';
import { cpuRows, type Round } from '../measure.ts';
import type { Row } from '../rows/row.ts';

const CONNECTIONS = 50;
const PARCEL_OCTETS = 1024;
const ROUNDS = 3;
const OURS = { warmUp: 1_000, perRound: 2_000 };
const PEER = { warmUp: 50, perRound: 150 };

/** From the HTTP request to 202 on this machine's disk, in the CPU time of the server alone. */
export async function run(): Promise<readonly Row[]> {
  await using ours = await Server.start('./accept-ours.ts', OURS);
  await using peer = await Server.start('./accept-peer.ts', PEER);
  await using floor = await Server.start('./accept-floor.ts', OURS);
  const meter = new ProcessorMeter();
  const rounds: Round<'ours' | 'peer' | 'floor'>[] = [];
  const perSecond: number[] = [];
  while (rounds.length < ROUNDS) {
    const [byOurs, byPeer, byFloor] = [
      await ours.accept(),
      await peer.accept(),
      await floor.accept(),
    ];
    const cpuMs = { ours: byOurs.cpuMs, peer: byPeer.cpuMs, floor: byFloor.cpuMs };
    rounds.push({ cpuMs, others: meter.others() });
    perSecond.push(byOurs.perSecond);
  }
  const name = `HTTP POST to 202, embedded store, ${CONNECTIONS} connections, 1 KiB`;
  return [
    ...cpuRows(name, rounds, { peer: 1 / 25, floor: 3.5 }),
    {
      name,
      unit: 'parcels/s',
      against: null,
      mark: null,
      turns: perSecond.map((value) => ({ value, against: null, others: null })),
    },
  ];
}

/** How many parcels a server gets. */
interface Load {
  readonly warmUp: number;
  readonly perRound: number;
}

type AcceptingServer = Awaited<ReturnType<typeof startAcceptingServer>>;

/** A server that accepts parcels, and those that it is to get. */
class Server implements AsyncDisposable {
  readonly #server: AcceptingServer;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  readonly #deliveries: ArrayIterator<Delivery>;
  readonly #perRound: number;

  private constructor(server: AcceptingServer, deliveries: readonly Delivery[], load: Load) {
    this.#server = server;
    this.#deliveries = deliveries.values();
    this.#perRound = load.perRound;
  }

  static async start(file: string, load: Load): Promise<Server> {
    const child = await startAcceptingServer(file);
    const count = load.warmUp + ROUNDS * load.perRound;
    const deliveries = await makeDeliveries(await partiesOf(child), count, PARCEL_OCTETS);
    const server = new Server(child, deliveries, load);
    await server.#deliver(load.warmUp);
    return server;
  }

  /** Accepts the parcels of a round. @returns CPU time for a parcel in milliseconds, and the rate */
  async accept(): Promise<{ readonly cpuMs: number; readonly perSecond: number }> {
    const parcels = this.#perRound;
    const before = await this.#server.vitals();
    const startMs = performance.now();
    await this.#deliver(parcels);
    const seconds = (performance.now() - startMs) / 1_000;
    const after = await this.#server.vitals();
    return { cpuMs: (after.cpuMs - before.cpuMs) / parcels, perSecond: parcels / seconds };
  }

  async #deliver(count: number): Promise<void> {
    const remaining = this.#deliveries.take(count);
    const workers = Array.from({ length: CONNECTIONS }, async () => {
      for (const delivery of remaining) {
        await deliver(this.#server.info.port, this.#agent, delivery);
      }
    });
    await Promise.all(workers);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy();
    await this.#server[Symbol.asyncDispose]();
  }
}
