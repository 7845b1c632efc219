import type { CargoDelivery } from '#services/cogrpc/service-definitions.ts';
import { authorizationOf, Courier } from '#test/peers/courier.ts';
import { median } from '../measure.ts';
import { atLeast, atMost, figure, type Row } from '../report.ts';
import { ChildServer } from '../servers/child-server.ts';
import type { CogrpcInfo, CogrpcSettings } from '../servers/cogrpc.ts';

const PARCELS = 3_000;
const PARCEL_OCTETS = 100_000;
const FETCH_DELAY_MS = 20;
/** Collected by fetching one after the other, to know what all of them would take. */
const ONE_BY_ONE_PARCELS = 150;
const COLLECTIONS = 3;
/** From the call, which connects first. */
const MAX_FIRST_MS = 300;
const SLOW_READER_MS = 12_000;
const SLOW_READER_PAUSE_MS = 250;
const MEBIOCTET = 1024 * 1024;

/** Collecting cargo whose parcels take 20 ms each to fetch, by a quick courier and by a slow one. */
export async function run(): Promise<readonly Row[]> {
  const oneByOneSeconds = await secondsOneByOne();
  await using server = await startServer(PARCELS, false);
  const quick = await watchMemory(server, () => collectRepeatedly(server));
  const slow = await watchMemory(server, () => collect(server, SLOW_READER_MS));
  return [
    {
      work: `CollectCargo, ${(PARCELS * PARCEL_OCTETS) / 1e6} MB in ${PARCELS} parcels, each fetch delayed by ${FETCH_DELAY_MS} ms`,
      peer: `one by one: ${figure(oneByOneSeconds)} s`,
      ours: `${figure(quick.result.seconds)} s`,
      floor: '',
      requirements: [
        atLeast('one-by-one fetching', oneByOneSeconds / quick.result.seconds, 15),
        atMost('to the first cargo', quick.result.firstMs, MAX_FIRST_MS, ' ms'),
        atMost('RSS above idle', quick.mebioctets, 96, ' MiB'),
      ],
    },
    {
      work: `the same, by a courier that pauses ${SLOW_READER_PAUSE_MS} ms after each cargo, for ${SLOW_READER_MS / 1e3} s`,
      peer: '',
      ours: `${figure(slow.result.octets / 1e6)} MB read`,
      floor: '',
      requirements: [atMost('RSS above idle', slow.mebioctets, 96, ' MiB')],
    },
  ];
}

/** What all parcels take if the same server fetches each when the one before is packed: extrapolated from some. */
async function secondsOneByOne(): Promise<number> {
  await using server = await startServer(ONE_BY_ONE_PARCELS, true);
  const { seconds } = await collect(server);
  return (seconds * PARCELS) / ONE_BY_ONE_PARCELS;
}

/** The medians of a few collections. */
async function collectRepeatedly(server: ChildServer<CogrpcInfo>) {
  const all: Awaited<ReturnType<typeof collect>>[] = [];
  for (let collection = 0; collection < COLLECTIONS; collection++) {
    all.push(await collect(server));
  }
  return {
    seconds: median(all.map(({ seconds }) => seconds)),
    firstMs: median(all.map(({ firstMs }) => firstMs)),
  };
}

function startServer(count: number, isOneByOne: boolean): Promise<ChildServer<CogrpcInfo>> {
  const held = { count, octets: PARCEL_OCTETS, fetchMs: FETCH_DELAY_MS };
  const settings: CogrpcSettings = { held, isOneByOne, cargoOctets: 0 };
  return ChildServer.start('./cogrpc.ts', settings);
}

/** @returns what `work` resolved for, and the memory that the server had at most, in MiB above idle */
async function watchMemory<Result>(server: ChildServer<CogrpcInfo>, work: () => Promise<Result>) {
  const idle = await server.vitals();
  const result = await work();
  const { peakRssOctets } = await server.vitals();
  return { result, mebioctets: (peakRssOctets - idle.rssOctets) / MEBIOCTET };
}

/**
 * Collects with a new CCA, acknowledging each cargo as it comes.
 *
 * @param slowlyForMs - pauses after each cargo, and hangs up after this long
 */
async function collect(server: ChildServer<CogrpcInfo>, slowlyForMs?: number) {
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
