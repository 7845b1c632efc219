import { collectAll, phoneOf, startCollectionServer } from '../collector.ts';
import { atMost, figure, type Row } from '../report.ts';

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
  const { parcels, totalMs } = await collectAll(server.info.port, phoneOf(server));
  const { peakRssOctets } = await server.vitals();
  if (parcels !== PARCELS) {
    throw new Error(`collected ${parcels} of ${PARCELS}`);
  }
  return [
    {
      work: `collect ${PARCELS} parcels of 1 KiB, each fetch delayed by ${FETCH_DELAY_MS} ms`,
      peer: `one by one: ${(PARCELS * FETCH_DELAY_MS) / 1_000} s`,
      ours: `${figure(totalMs / 1_000)} s`,
      floor: '',
      requirements: [
        atMost('to the last acknowledgement', totalMs / 1_000, 10, ' s'),
        atMost('RSS above idle', (peakRssOctets - idle.rssOctets) / MEBIOCTET, 64, ' MiB'),
      ],
    },
  ];
}
