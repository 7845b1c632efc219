import type { Collector } from '#test/peers/collector.ts';
import { openCollectors, phoneOf, startCollectionServer } from '../collector.ts';
import { atMost, figure, type Row } from '../report.ts';

const COLLECTORS = 5_000;
const OBSERVED_MS = 20_000;
const SETTLE_MS = 6_000;

/** What it costs to keep phones connected that have nothing to collect. */
export async function run(): Promise<readonly Row[]> {
  await using server = await startCollectionServer({
    parcels: 0,
    parcelOctets: 0,
    fetchDelayMs: 0,
  });
  const open = (count: number) => openCollectors(server.info.port, [phoneOf(server)], count);
  closeAll(await open(200));
  const idle = await server.vitals();
  const collectors = await open(COLLECTORS);
  await wait(SETTLE_MS);
  const start = await server.vitals();
  await wait(OBSERVED_MS);
  const end = await server.vitals();
  const stillOpen = collectors.filter(({ isOpen }) => isOpen).length;
  closeAll(collectors);
  if (stillOpen !== COLLECTORS) {
    throw new Error(`only ${stillOpen} of ${COLLECTORS} collectors stayed connected`);
  }
  const kibioctetsEach = (end.rssOctets - idle.rssOctets) / 1024 / COLLECTORS;
  const corePercent = ((end.cpuMs - start.cpuMs) / OBSERVED_MS) * 100;
  return [
    {
      work: `${COLLECTORS} idle keep-alive collectors in one process`,
      peer: '',
      ours: `${figure(kibioctetsEach)} KiB each, ${figure(corePercent)} % of a core`,
      floor: '',
      requirements: [
        atMost('of RSS each', kibioctetsEach, 24, ' KiB'),
        atMost('of a core', corePercent, 10, ' %'),
      ],
    },
  ];
}

function closeAll(collectors: readonly Collector[]): void {
  for (const collector of collectors) {
    collector[Symbol.dispose]();
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
