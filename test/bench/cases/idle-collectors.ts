import type { WebSocket } from 'ws';
import { identity } from '#test/builders/peers.ts';
import { openCollector, startCollectionServer } from '../collector.ts';
import { atMost, figure, type Row } from '../report.ts';

const COLLECTORS = 5_000;
const OPENED_AT_ONCE = 50;
const OBSERVED_MS = 20_000;
const SETTLE_MS = 6_000;

/** What it costs to keep phones connected that have nothing to collect. */
export async function run(): Promise<readonly Row[]> {
  await using server = await startCollectionServer({
    parcels: 0,
    parcelOctets: 0,
    fetchDelayMs: 0,
  });
  await openMany(server.info, 200).then(closeAll);
  const idle = await server.vitals();
  const sockets = await openMany(server.info, COLLECTORS);
  await wait(SETTLE_MS);
  const start = await server.vitals();
  await wait(OBSERVED_MS);
  const end = await server.vitals();
  const stillOpen = sockets.filter((socket) => socket.readyState === socket.OPEN).length;
  closeAll(sockets);
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

async function openMany(
  info: Parameters<typeof openCollector>[0],
  count: number,
): Promise<WebSocket[]> {
  const sockets: WebSocket[] = [];
  while (sockets.length < count) {
    const batch = Array.from({ length: OPENED_AT_ONCE }, () =>
      openCollector(info, identity('phone'), 'keep-alive'),
    );
    sockets.push(...(await Promise.all(batch)));
  }
  return sockets;
}

function closeAll(sockets: readonly WebSocket[]): void {
  for (const socket of sockets) {
    socket.terminate();
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
