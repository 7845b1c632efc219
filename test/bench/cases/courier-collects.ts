import type { CargoDelivery } from '#services/cogrpc/service-definitions.ts';
import { authorizationOf, Courier } from '#test/peers/courier.ts';
import { ProcessorMeter } from '../machine/processor-meter.ts';
import { digits } from '../rows/in-words.ts';
import { once, type Row } from '../rows/row.ts';
import { ChildServer } from '../servers/child-server.ts';
import type { CogrpcInfo, CogrpcSettings } from '../servers/cogrpc.ts';

const PARCELS = 3_000;
const PARCEL_OCTETS = 100_000;
const FETCH_DELAY_MS = 20;
/** Fetched one after the other, to know what all of them would take. */
const FEW_PARCELS = 150;
const TURNS = 3;
/** From the call, which connects first. */
const MAX_FIRST_MS = 300;
const MAX_MEBIOCTETS = 96;
const SLOW_READER_MS = 12_000;
const SLOW_READER_PAUSE_MS = 250;
const MEBIOCTET = 1024 * 1024;

/** Collecting cargo whose parcels take 20 ms each to fetch, by a quick courier and by a slow one. */
export async function run(): Promise<readonly Row[]> {
  await using server = await startServer({ count: PARCELS, fetchMs: FETCH_DELAY_MS });
  const { rssOctets: idleOctets } = await server.vitals();
  const quick = await collectByTurns(server, idleOctets);
  const slow = await collect(server, SLOW_READER_MS);
  const slowMebioctets = await mostMebioctets(server, idleOctets);
  const megaoctets = (PARCELS * PARCEL_OCTETS) / 1e6;
  const name = `CollectCargo, ${megaoctets} MB in ${PARCELS} parcels, each fetch delayed by ${FETCH_DELAY_MS} ms`;
  const memory = { unit: 'MiB', against: null, mark: MAX_MEBIOCTETS } as const;
  return [
    ...rowsOf(name, quick),
    {
      ...memory,
      name: `${name}: RSS above idle`,
      turns: quick.flatMap(({ mebioctets }) => once(mebioctets)),
    },
    {
      ...memory,
      name: `CollectCargo by a courier that pauses ${SLOW_READER_PAUSE_MS} ms after each cargo, for ${SLOW_READER_MS / 1e3} s: RSS above idle`,
      turns: once(slowMebioctets),
      note: `${digits(slow.octets / 1e6)} MB read`,
    },
  ];
}

/** What was collected in one turn, in each way. */
interface CollectedInTurn {
  readonly ours: Collected;
  /** From a store without delay. */
  readonly undelayed: Collected;
  /** Some of the parcels, each fetched when the one before is packed. */
  readonly oneByOne: Collected;
  /** That ours took at most, in MiB above what it had before all turns. */
  readonly mebioctets: number;
  readonly others: number | null;
}

async function collectByTurns(
  server: CogrpcServer,
  idleOctets: number,
): Promise<readonly CollectedInTurn[]> {
  const fetchMs = FETCH_DELAY_MS;
  await using undelayed = await startServer({ count: PARCELS, fetchMs: 0 });
  await using oneByOne = await startServer({ count: FEW_PARCELS, fetchMs, isOneByOne: true });
  const meter = new ProcessorMeter();
  const turns: CollectedInTurn[] = [];
  while (turns.length < TURNS) {
    const ours = await collect(server);
    turns.push({
      ours,
      mebioctets: await mostMebioctets(server, idleOctets),
      undelayed: await collect(undelayed),
      oneByOne: await collect(oneByOne),
      others: meter.others(),
    });
  }
  return turns;
}

/** Fetching ahead must hide the delay. */
function rowsOf(name: string, turns: readonly CollectedInTurn[]): readonly Row[] {
  const against = (secondsOf: (turn: CollectedInTurn) => number) =>
    turns.map((turn) => ({
      value: turn.ours.seconds,
      against: secondsOf(turn),
      others: turn.others,
    }));
  return [
    {
      name,
      unit: 's',
      against: 'the same without delay',
      mark: null,
      turns: against(({ undelayed }) => undelayed.seconds),
    },
    {
      name,
      unit: 's',
      against: 'fetching one by one',
      mark: 1 / 15,
      turns: against(({ oneByOne }) => (oneByOne.seconds * PARCELS) / FEW_PARCELS),
    },
    {
      name: `${name}: first cargo`,
      unit: 'ms',
      against: null,
      mark: MAX_FIRST_MS,
      turns: turns.map(({ ours, others }) => ({ value: ours.firstMs, against: null, others })),
    },
  ];
}

type CogrpcServer = ChildServer<CogrpcInfo>;
type Collected = Awaited<ReturnType<typeof collect>>;

interface Held {
  readonly count: number;
  readonly fetchMs: number;
  readonly isOneByOne?: boolean;
}

function startServer({ count, fetchMs, isOneByOne = false }: Held): Promise<CogrpcServer> {
  const held = { count, octets: PARCEL_OCTETS, fetchMs };
  const settings: CogrpcSettings = { held, isOneByOne, cargoOctets: 0 };
  return ChildServer.start('./cogrpc.ts', settings);
}

/** @returns the memory that the server had at most since it was last asked, in MiB above idle */
async function mostMebioctets(server: CogrpcServer, idleOctets: number): Promise<number> {
  const { peakRssOctets } = await server.vitals();
  return (peakRssOctets - idleOctets) / MEBIOCTET;
}

/**
 * Collects with a new CCA, acknowledging each cargo as it comes.
 *
 * @param slowlyForMs - pauses after each cargo, and hangs up after this long
 */
async function collect(server: CogrpcServer, slowlyForMs?: number) {
  const cca = Buffer.from(await server.perform<string>('cca'), 'base64');
  using courier = new Courier(server.info.port);
  const startMs = performance.now();
  const { call, ended } = courier.collect([authorizationOf(cca)], { isDeaf: true });
  let octets = 0;
  let firstMs = 0;
  call.on('data', ({ id, cargo }: CargoDelivery) => {
    firstMs ||= performance.now() - startMs;
    octets += cargo.length;
    call.write({ id });
    if (slowlyForMs) {
      call.pause();
      setTimeout(() => call.resume(), SLOW_READER_PAUSE_MS);
    }
  });
  const hangUp = slowlyForMs && setTimeout(() => call.cancel(), slowlyForMs);
  const end = await ended;
  clearTimeout(hangUp);
  if (end.code !== 0 && !slowlyForMs) {
    throw new Error(`the collection ended with ${end.code}: ${end.details}`);
  }
  return { octets, firstMs, seconds: (performance.now() - startMs) / 1_000 };
}
