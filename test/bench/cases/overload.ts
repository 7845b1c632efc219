import { constants, sign } from 'node:crypto';
import { promisify } from 'node:util';
import type { Peer } from '#test/builders/peers.ts';
import { type Delivery, makeDeliveries, partiesOf, startAcceptingServer } from '../deliveries.ts';
import { ProcessorMeter } from '../machine/processor-meter.ts';
import { curveRows, promiseRows, type Stage } from '../overload/curve.ts';
import { Load } from '../overload/load.ts';
import type { Row } from '../rows/row.ts';

const PAYLOAD_OCTETS = 512;
const WARM_UP_PARCELS = 2_000;
const BEST_PARCELS = 3_000;
/** How much is offered, times the best throughput; the last for as long as promises take to tell. */
const STAGES = [0.25, 0.5, 0.75, 1, 1.5, 2].map((times) => ({
  times,
  leadMs: 300,
  countedMs: 1_000,
}));
const LAST_STAGE = { times: 3, leadMs: 700, countedMs: 2_000 };
/** The most that is accepted, times the best throughput, which a slow moment may have been measured in. */
const MOST_ACCEPTED = 2;
/** Under way at one time, at most. */
const SPARE_PARCELS = 2_000;
/** Made at the same time, which uses all processors. */
const LOTS = 16;

/**
 * What the gateway in one process does with more parcels than it can take: its best throughput, by
 * clients that wait for their answers; then so many times as much, by clients that do not.
 */
export async function run(): Promise<readonly Row[]> {
  await using server = await startAcceptingServer('./accept-standalone.ts');
  const { phone, recipient, sender } = await partiesOf(server);
  const parties = { phone: signingAside(phone), recipient, sender: signingAside(sender) };
  const load = await Load.open(server.info.port);
  const prepare = async (count: number) => load.add(await makeTogether(parties, count));
  await prepare(WARM_UP_PARCELS + BEST_PARCELS);
  await load.busy(WARM_UP_PARCELS);
  const best = await load.busy(BEST_PARCELS);
  const stages: Stage[] = [];
  for (const { times, leadMs, countedMs } of [...STAGES, LAST_STAGE]) {
    const seconds = (leadMs + countedMs) / 1_000;
    const accepted = Math.min(times, MOST_ACCEPTED) * best * seconds;
    await prepare(Math.max(0, Math.ceil(accepted) + SPARE_PARCELS - load.left));
    const meter = new ProcessorMeter();
    const outcome = await load.atRate(times * best, leadMs, countedMs);
    stages.push({ times, best, outcome, others: meter.others() });
  }
  load.close();
  return [...promiseRows(stages), ...curveRows(stages)];
}

async function makeTogether(
  parties: Parameters<typeof makeDeliveries>[0],
  count: number,
): Promise<Delivery[]> {
  const each = Math.ceil(count / LOTS);
  const lots = Array.from({ length: LOTS }, () => makeDeliveries(parties, each, PAYLOAD_OCTETS));
  return (await Promise.all(lots)).flat();
}

const signSoon = promisify(sign);

/** The same peer, which signs on other threads. */
function signingAside(peer: Peer): Peer {
  const key = { key: peer.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  return { ...peer, sign: (data: Uint8Array) => signSoon('sha256', data, key) };
}
