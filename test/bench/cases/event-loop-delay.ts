import { Agent } from 'node:http';
import {
  type Delivery,
  deliver,
  makeDeliveries,
  partiesOf,
  startAcceptingServer,
} from '../deliveries.ts';
import { ProcessorMeter } from '../machine/processor-meter.ts';
import { digits } from '../rows/in-words.ts';
import { once, type Row } from '../rows/row.ts';
import type { EventLoopDelay } from '../servers/event-loop-tasks.ts';

const PER_SECOND = 200;
const SECONDS = 10;
const WARM_UP_SECONDS = 3;
const PARCEL_OCTETS = 10 * 1024;
const MAX_P99_MS = 20;

/** Whether the embedded store, with its syncs, leaves the event loop free for others. */
export async function run(): Promise<readonly Row[]> {
  await using server = await startAcceptingServer('./accept-ours.ts');
  const count = (WARM_UP_SECONDS + SECONDS) * PER_SECOND;
  const deliveries = await makeDeliveries(await partiesOf(server), count, PARCEL_OCTETS);
  const agent = new Agent({ keepAlive: true });
  const send = (delivery: Delivery) => deliver(server.info.port, agent, delivery);
  await atAPace(deliveries.slice(0, WARM_UP_SECONDS * PER_SECOND), send);
  const meter = new ProcessorMeter();
  await server.perform('watchEventLoop');
  await atAPace(deliveries.slice(WARM_UP_SECONDS * PER_SECOND), send);
  const delay = await server.perform<EventLoopDelay>('eventLoopDelay');
  const others = meter.others();
  agent.destroy();
  return [
    {
      name: `event-loop delay, p99, while ${PER_SECOND} parcels/s of 10 KiB come in`,
      unit: 'ms',
      against: null,
      mark: MAX_P99_MS,
      turns: once(delay.p99Ms, others),
      note: `median ${digits(delay.medianMs)}, longest ${digits(delay.longestMs)}`,
    },
  ];
}

/** Starts each when it is due, however long the ones before take. */
async function atAPace<Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const startMs = performance.now();
  const working: Promise<void>[] = [];
  for (const [index, item] of items.entries()) {
    const dueMs = startMs + (index * 1_000) / PER_SECOND;
    const pauseMs = dueMs - performance.now();
    if (pauseMs > 0) {
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    working.push(work(item));
  }
  await Promise.all(working);
}
