import { type CollectionChild, phoneOf } from '../collector.ts';
import { Fleet } from '../fleet.ts';
import { atMost, figure, milliseconds, type Row } from '../report.ts';
import type { EventLoopDelay } from '../servers/event-loop-tasks.ts';
import {
  costOfIdle,
  emptyServer,
  expectOpen,
  rowOfIdle,
  startIdleServer,
} from './idle-collectors.ts';

/** As many as the usual limit of 20 000 descriptors leaves room for, with what else is open. */
const COLLECTORS = 15_000;
const PER_SECOND = 500;
const MAX_DELAY_MS = 20;

/** What one process makes of as many collectors as it can have: that come, stay, are moved and come back. */
export async function run(): Promise<readonly Row[]> {
  await using server = await startIdleServer();
  const empty = await emptyServer(server);
  const size = { count: COLLECTORS, perSecond: PER_SECOND };
  await using fleet = await Fleet.start(server.info.port, phoneOf(server), size);
  const connecting = await delayDuring(server, () => fleet.connect());
  const cost = await costOfIdle(server, empty, COLLECTORS);
  await expectOpen(fleet, COLLECTORS);
  const draining = await delayDuring(server, async () => {
    const sentAway = await drain(server, fleet);
    if (sentAway !== COLLECTORS) {
      throw new Error(`only ${sentAway} of ${COLLECTORS} collectors were sent away`);
    }
  });
  const returning = await delayDuring(server, () => fleet.connect());
  await expectOpen(fleet, COLLECTORS);
  return [
    rowOfIdle(cost, COLLECTORS),
    rowOfDelay(`while they connect, ${PER_SECOND} a second`, connecting),
    rowOfDelay('while they are moved away at that pace', draining),
    rowOfDelay('while they come back', returning),
  ];
}

async function drain(server: CollectionChild, fleet: Fleet): Promise<number> {
  const [, sentAway] = await Promise.all([server.perform('drain'), fleet.sentAway()]);
  return sentAway;
}

async function delayDuring(
  server: CollectionChild,
  work: () => Promise<void>,
): Promise<EventLoopDelay> {
  await server.perform('watchEventLoop');
  await work();
  return server.perform<EventLoopDelay>('eventLoopDelay');
}

function rowOfDelay(when: string, { medianMs, p99Ms, longestMs }: EventLoopDelay): Row {
  return {
    work: `event-loop delay ${when}`,
    peer: '',
    ours: `${milliseconds(longestMs)} (median ${figure(medianMs)}, p99 ${figure(p99Ms)})`,
    floor: '',
    requirements: [atMost('delay, the longest', longestMs, MAX_DELAY_MS, ' ms')],
  };
}
