import { type CollectionChild, phoneOf } from '../collector.ts';
import { Fleet } from '../fleet.ts';
import { costOfIdle, emptyServer, expectOpen, rowsOfIdle, startIdleServer } from '../idle-cost.ts';
import { MachinePace } from '../machine/pace.ts';
import { ProcessorMeter } from '../machine/processor-meter.ts';
import type { Row } from '../rows/row.ts';
import type { EventLoopDelay } from '../servers/event-loop-tasks.ts';

/** As many as the usual limit of 20 000 descriptors leaves room for, with what else is open. */
const COLLECTORS = 15_000;
const PER_SECOND = 500;
const MAX_DELAY_MS = 20;

/** What one process makes of as many collectors as it can have: that come, stay, are moved and come back. */
export async function run(): Promise<readonly Row[]> {
  await using machine = await MachinePace.start();
  await using server = await startIdleServer();
  const empty = await emptyServer(server);
  const size = { count: COLLECTORS, perSecond: PER_SECOND };
  await using fleet = await Fleet.start(server.info.port, phoneOf(server), size);
  const connecting = await delayDuring(server, machine, () => fleet.connect());
  const cost = await costOfIdle(server, empty, COLLECTORS, machine);
  await expectOpen(fleet, COLLECTORS);
  const draining = await delayDuring(server, machine, async () => {
    const sentAway = await drain(server, fleet);
    if (sentAway !== COLLECTORS) {
      throw new Error(`only ${sentAway} of ${COLLECTORS} collectors were sent away`);
    }
  });
  const returning = await delayDuring(server, machine, () => fleet.connect());
  await expectOpen(fleet, COLLECTORS);
  return [
    ...rowsOfIdle(cost, COLLECTORS),
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
  machine: MachinePace,
  work: () => Promise<void>,
): Promise<Delay> {
  const meter = new ProcessorMeter();
  await server.perform('watchEventLoop');
  await work();
  const delay = await server.perform<EventLoopDelay>('eventLoopDelay');
  const others = meter.others();
  return { ...delay, others, pace: await machine.measure() };
}

interface Delay extends EventLoopDelay {
  /** Of the machine meanwhile, as in a turn. */
  readonly pace: number;
  /** How many processors others used meanwhile; null if unknown. */
  readonly others: number | null;
}

function rowOfDelay(when: string, { medianMs, p99Ms, longestMs, others, pace }: Delay): Row {
  return {
    name: `${COLLECTORS} collectors: longest event-loop delay ${when}`,
    unit: 'ms',
    against: null,
    mark: MAX_DELAY_MS,
    turns: [{ value: longestMs, against: null, others, pace }],
    note: `median ${medianMs.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms`,
  };
}
