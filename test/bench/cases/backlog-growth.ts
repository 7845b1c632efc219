import {
  type CollectionChild,
  collectAll,
  firstParcelMs,
  phoneOf,
  startCollectionServer,
} from '../collector.ts';
import { median } from '../measure.ts';
import { atMost, figure, milliseconds, type Row } from '../report.ts';

const SMALL = 1_000;
const LARGE = 100_000;
const FIRST_PARCEL_RUNS = 41;
const TOLERANCE = 1.2;

/** A hundred times the backlog must not make the first parcel later, nor any parcel dearer. */
export async function run(): Promise<readonly Row[]> {
  const settings = { parcelOctets: 1024, fetchDelayMs: null };
  await using small = await startCollectionServer({ ...settings, parcels: SMALL });
  await using large = await startCollectionServer({ ...settings, parcels: LARGE });
  const first = await compareFirstParcels(small, large);
  const smallCost = await cpuPerParcel(small);
  const largeCost = await cpuPerParcel(large);
  return [
    {
      work: `first parcel of a backlog of ${SMALL} → ${LARGE}`,
      peer: '',
      ours: `${figure(first.small)} → ${figure(first.large)} ms`,
      floor: '',
      requirements: [
        atMost('the time with the small backlog', first.large / first.small, TOLERANCE),
      ],
    },
    {
      work: 'the same, server CPU per parcel collected',
      peer: '',
      ours: `${milliseconds(smallCost)} → ${milliseconds(largeCost)}`,
      floor: '',
      requirements: [atMost('the cost with the small backlog', largeCost / smallCost, TOLERANCE)],
    },
  ];
}

/** Medians over many connections, alternating so that both see the same disturbances. */
async function compareFirstParcels(small: CollectionChild, large: CollectionChild) {
  const times: { small: number[]; large: number[] } = { small: [], large: [] };
  for (let run = 0; run < FIRST_PARCEL_RUNS; run++) {
    times.small.push(await firstParcelMs(small.info.port, phoneOf(small)));
    times.large.push(await firstParcelMs(large.info.port, phoneOf(large)));
  }
  return { small: median(times.small), large: median(times.large) };
}

async function cpuPerParcel(server: CollectionChild): Promise<number> {
  const before = await server.vitals();
  const { parcels } = await collectAll(server.info.port, phoneOf(server));
  const after = await server.vitals();
  return (after.cpuMs - before.cpuMs) / parcels;
}
