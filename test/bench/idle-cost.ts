import { setTimeout } from 'node:timers/promises';
import { MOST_CPU_MS } from '../../scripts/monthly-cost/usage.ts';
import { type CollectionChild, phoneOf, startCollectionServer } from './collector.ts';
import { Fleet } from './fleet.ts';
import type { MachinePace } from './machine/pace.ts';
import { ProcessorMeter } from './machine/processor-meter.ts';
import { once, type Row } from './rows/row.ts';

/** What warms a server up. */
const FEW = { count: 300, perSecond: 500 };

const MAX_KIBIOCTETS = 16;

/** Until those that have just connected are like those that have long been. */
const SETTLE_MS = 6_000;
const EMPTY_MS = 5_000;
const OBSERVED_MS = 10_000;
/** Until the memory of what was garbage is given back. */
const SWEEPING_MS = 500;

/** Starts a server for collectors that has nothing to deliver. */
export function startIdleServer(): Promise<CollectionChild> {
  return startCollectionServer({ parcels: 0, parcelOctets: 0, fetchDelayMs: 0 });
}

interface EmptyServer {
  readonly rssOctets: number;
  /** CPU time in a second, in milliseconds. */
  readonly cpuMs: number;
}

/** What a server takes that has served some collectors, and has none. */
export async function emptyServer(server: CollectionChild): Promise<EmptyServer> {
  {
    await using few = await Fleet.start(server.info.port, phoneOf(server), FEW);
    await few.connect();
  }
  return { rssOctets: await settledRss(server), cpuMs: await cpuMsPerSecond(server, EMPTY_MS) };
}

/** What a connected collector costs more, in octets, and in milliseconds of CPU a second. */
export interface IdleCost {
  readonly octets: number;
  readonly cpuMs: number;
  /** How many processors others used meanwhile; null if unknown. */
  readonly others: number | null;
  /** Of the machine meanwhile, as in a turn. */
  readonly pace: number;
}

/** What the collectors cost that have connected, each. */
export async function costOfIdle(
  server: CollectionChild,
  empty: EmptyServer,
  count: number,
  machine: MachinePace,
): Promise<IdleCost> {
  await setTimeout(SETTLE_MS);
  const rssOctets = await settledRss(server);
  const meter = new ProcessorMeter();
  const cpuMs = await cpuMsPerSecond(server, OBSERVED_MS);
  const others = meter.others();
  return {
    others,
    pace: await machine.measure(),
    octets: (rssOctets - empty.rssOctets) / count,
    cpuMs: (cpuMs - empty.cpuMs) / count,
  };
}

/** What a collector costs that is connected and idle. */
export function rowsOfIdle(
  { octets, cpuMs, others, pace }: IdleCost,
  count: number,
): readonly Row[] {
  const name = `${count} idle keep-alive collectors in one process`;
  return [
    {
      name: `${name}: RSS each`,
      unit: 'KiB',
      against: null,
      mark: MAX_KIBIOCTETS,
      turns: once(octets / 1024),
    },
    {
      name: `${name}: CPU each per second`,
      unit: 'ms of CPU',
      against: null,
      mark: MOST_CPU_MS.connectedSecond,
      turns: [{ value: cpuMs, against: null, others, pace }],
    },
  ];
}

/** @throws unless all collectors are connected */
export async function expectOpen(fleet: Fleet, count: number): Promise<void> {
  const open = await fleet.open();
  if (open !== count) {
    const closings = JSON.stringify(await fleet.closings());
    throw new Error(`only ${open} of ${count} collectors stayed connected: closed ${closings}`);
  }
}

async function settledRss(server: CollectionChild): Promise<number> {
  await server.vitals();
  await setTimeout(SWEEPING_MS);
  const { rssOctets } = await server.vitals();
  return rssOctets;
}

/** Without the collections of garbage that asking for memory brings. */
async function cpuMsPerSecond(server: CollectionChild, observedMs: number): Promise<number> {
  const startMs = performance.now();
  const before = await server.cpuMs();
  await setTimeout(observedMs);
  const after = await server.cpuMs();
  return ((after - before) * 1_000) / (performance.now() - startMs);
}
