import { collectAll, phoneOf, startCollectionServer } from '../collector.ts';
import { ProcessorMeter } from '../machine/processor-meter.ts';
import { once, type Row } from '../rows/row.ts';

const PARCELS = 10_000;
const FETCH_DELAY_MS = 20;
const MEBIOCTET = 1024 * 1024;

/** Collecting a backlog whose every fetch takes 20 ms: fetching ahead is what counts. */
export async function run(): Promise<readonly Row[]> {
  await using server = await startCollectionServer({
    parcels: PARCELS,
    parcelOctets: 1024,
    fetchDelayMs: FETCH_DELAY_MS,
  });
  const idle = await server.vitals();
  const meter = new ProcessorMeter();
  const { parcels, totalMs } = await collectAll(server.info.port, phoneOf(server));
  const others = meter.others();
  const { peakRssOctets } = await server.vitals();
  if (parcels !== PARCELS) {
    throw new Error(`collected ${parcels} of ${PARCELS}`);
  }
  const name = `collect ${PARCELS} parcels of 1 KiB, each fetch delayed by ${FETCH_DELAY_MS} ms`;
  return [
    {
      name,
      unit: 's',
      against: null,
      mark: 10,
      turns: once(totalMs / 1_000, others),
      note: `one by one would take ${(PARCELS * FETCH_DELAY_MS) / 1_000} s`,
    },
    {
      name: `${name}: RSS above idle`,
      unit: 'MiB',
      against: null,
      mark: 64,
      turns: once((peakRssOctets - idle.rssOctets) / MEBIOCTET),
    },
  ];
}
