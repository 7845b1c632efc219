import {
  type CollectionChild,
  collectAll,
  firstParcelMs,
  phoneOf,
  startCollectionServer,
} from '../collector.ts';
import { ProcessorMeter } from '../machine/processor-meter.ts';
import { median, type Row, type Turn } from '../rows/row.ts';

const SMALL = 1_000;
const LARGE = 100_000;
const FIRST_PARCEL_TURNS = 5;
/** In a turn, of each backlog. */
const FIRST_PARCELS = 7;
const TOLERANCE = 1.2;
const AGAINST_SMALL = `the same with ${SMALL} parcels`;

/** A hundred times the backlog must not make the first parcel later, nor any parcel dearer. */
export async function run(): Promise<readonly Row[]> {
  const settings = { parcelOctets: 1024, fetchDelayMs: null };
  await using small = await startCollectionServer({ ...settings, parcels: SMALL });
  await using large = await startCollectionServer({ ...settings, parcels: LARGE });
  const meter = new ProcessorMeter();
  const firstParcels: Turn[] = [];
  while (firstParcels.length < FIRST_PARCEL_TURNS) {
    const times = await firstParcelTimes(small, large);
    firstParcels.push({ ...times, others: meter.others() });
  }
  const against = await cpuPerParcel(small);
  const value = await cpuPerParcel(large);
  return [
    {
      name: `first parcel of a backlog of ${LARGE}`,
      unit: 'ms',
      against: AGAINST_SMALL,
      mark: TOLERANCE,
      turns: firstParcels,
    },
    {
      name: `collect a parcel of a backlog of ${LARGE}`,
      unit: 'ms of CPU',
      against: AGAINST_SMALL,
      mark: TOLERANCE,
      turns: [{ value, against, others: meter.others() }],
    },
  ];
}

/** Medians over some connections, alternating so that both see the same disturbances. */
async function firstParcelTimes(small: CollectionChild, large: CollectionChild) {
  const times: { small: number[]; large: number[] } = { small: [], large: [] };
  for (let run = 0; run < FIRST_PARCELS; run++) {
    times.small.push(await firstParcelMs(small.info.port, phoneOf(small)));
    times.large.push(await firstParcelMs(large.info.port, phoneOf(large)));
  }
  return { value: median(times.large), against: median(times.small) };
}

async function cpuPerParcel(server: CollectionChild): Promise<number> {
  const before = await server.vitals();
  const { parcels } = await collectAll(server.info.port, phoneOf(server));
  const after = await server.vitals();
  return (after.cpuMs - before.cpuMs) / parcels;
}
