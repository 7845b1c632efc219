import { setTimeout as pause } from 'node:timers/promises';
import type { ServiceProcess } from '#test/services/service-process.ts';
import { ProcessorMeter } from '../machine/processor-meter.ts';
import { median, type Row } from '../rows/row.ts';

const MEBIOCTET = 1_024 * 1_024;

/** What a service used since it started, by its own metrics. */
interface Used {
  readonly cpuMs: number;
  readonly rssOctets: number;
}

/** What a service used for some work. */
export interface Usage extends Used {
  /** How many processors others used meanwhile; null if unknown. */
  readonly others: number | null;
}

/** Once it is ready, a service collects what starting left behind, which is no part of any work. */
const SETTLING_MS = 1_000;

async function usageOf({ operationsPort }: ServiceProcess): Promise<Used> {
  const response = await fetch(`http://127.0.0.1:${operationsPort}/metrics`);
  const metrics = await response.text();
  const value = (name: string) =>
    Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)`, 'm').exec(metrics)?.[1]);
  return {
    cpuMs: value('process_cpu_seconds_total') * 1_000,
    rssOctets: value('process_resident_memory_bytes'),
  };
}

/** @returns what each of the services used for `work`: CPU time in milliseconds, and its memory in the end */
export async function usageDuring<const Name extends string>(
  services: Readonly<Record<Name, ServiceProcess>>,
  work: () => Promise<unknown>,
): Promise<Readonly<Record<Name, Usage>>> {
  const all = async () => {
    const entries = Object.entries<ServiceProcess>(services);
    return Promise.all(entries.map(async ([name, each]) => [name, await usageOf(each)] as const));
  };
  await pause(SETTLING_MS);
  const before = new Map(await all());
  const meter = new ProcessorMeter();
  await work();
  const others = meter.others();
  const used = (await all()).map(([name, { cpuMs, rssOctets }]) => {
    const usage: Usage = { cpuMs: cpuMs - (before.get(name)?.cpuMs ?? 0), rssOctets, others };
    return [name, usage] as const;
  });
  return Object.fromEntries(used) as Record<Name, Usage>;
}

interface UsageRowOptions {
  /** In each turn. */
  readonly pieces: number;
  /** Milliseconds of CPU time that one may take; only told by default. */
  readonly mark?: number | null;
  /** Of the machine meanwhile, as in a turn. */
  readonly pace: number;
}

/**
 * What one piece of work cost a service.
 *
 * @param turns - of the same work, one at least
 */
export function usageRow(
  name: string,
  turns: readonly Usage[],
  { pieces, mark = null, pace }: UsageRowOptions,
): Row {
  const measured = turns.map(({ cpuMs, others }) => ({
    value: cpuMs / pieces,
    against: null,
    others,
    pace,
  }));
  const cpuMs = median(measured.map(({ value }) => value));
  const rssOctets = Math.max(...turns.map((turn) => turn.rssOctets));
  return {
    name,
    unit: 'ms of CPU',
    against: null,
    mark,
    turns: measured,
    note: `${Math.round(1_000 / cpuMs)} per second and core, ${Math.round(rssOctets / MEBIOCTET)} MiB`,
  };
}
