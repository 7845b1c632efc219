import type { Peer } from '#test/builders/peers.ts';
import { deliverAll } from '../cloud/deliver-all.ts';
import { collectAll } from '../collector.ts';
import { makeDeliveries, partiesOf, startAcceptingServer } from '../deliveries.ts';
import { paceByFloor } from '../machine/pace.ts';
import { ProcessorMeter } from '../machine/processor-meter.ts';
import { cpuRow, cpuRows, type Round } from '../measure.ts';
import type { Row } from '../rows/row.ts';

/** Of a parcel of some 5 KiB, most of it certificates. */
const PAYLOAD_OCTETS = 2_048;
const PER_ROUND = 1_000;
const WARM_UP_ROUNDS = 4;
const ROUNDS = 3;
/** Milliseconds of CPU time, all threads. */
const MOST_MS = 0.5;

type Way = 'ours' | 'floor' | 'collected';

/**
 * A parcel from a phone to 202, and from there to the acknowledgement of the phone that collects it,
 * by the gateway in one process, with its logs and metrics; by turns with the floor.
 */
export async function run(): Promise<readonly Row[]> {
  await using ours = await startAcceptingServer('./accept-standalone.ts');
  await using floor = await startAcceptingServer('./accept-floor.ts');
  const parties = await partiesOf(ours);
  const phone: Peer = { ...parties.phone, issuers: [] };
  const meter = new ProcessorMeter();
  const rounds: Round<Way>[] = [];
  while (rounds.length < WARM_UP_ROUNDS + ROUNDS) {
    const deliveries = await makeDeliveries(parties, PER_ROUND, PAYLOAD_OCTETS);
    meter.others();
    const cpuMs = {
      floor: await cpuMsEach(floor, ({ port }) => deliverAll(port, deliveries)),
      ours: await cpuMsEach(ours, ({ port }) => deliverAll(port, deliveries)),
      collected: await cpuMsEach(ours, ({ port }) => collectRound(port, phone)),
    };
    rounds.push({ cpuMs, others: meter.others() });
  }
  const warm = rounds.slice(WARM_UP_ROUNDS);
  const paceOf = ({ cpuMs }: Round<Way>) => paceByFloor(cpuMs.floor);
  const accepted = 'a parcel of 5 KiB to 202, by one process with logs and metrics';
  return [
    cpuRow(accepted, warm, 'ours', MOST_MS, paceOf),
    ...cpuRows<'floor'>(accepted, warm, { floor: null }),
    cpuRow('a parcel of 5 KiB collected from one process', warm, 'collected', MOST_MS, paceOf),
  ];
}

type Server = Awaited<ReturnType<typeof startAcceptingServer>>;

/** @returns the server's CPU time for each of a round's parcels */
async function cpuMsEach(
  server: Server,
  work: (info: Server['info']) => Promise<void>,
): Promise<number> {
  const beforeMs = await server.cpuMs();
  await work(server.info);
  return ((await server.cpuMs()) - beforeMs) / PER_ROUND;
}

async function collectRound(port: number, phone: Peer): Promise<void> {
  const { parcels } = await collectAll(port, phone);
  if (parcels !== PER_ROUND) {
    throw new Error(`collected ${parcels} of ${PER_ROUND}`);
  }
}
