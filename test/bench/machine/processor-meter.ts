import { readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';

/** The kernel's unit of processor time in `/proc`, wherever Linux runs. */
const MS_PER_TICK = 10;

/** What the processors did until some moment. */
export interface ProcessorUse {
  /** On the clock of `performance.now()`. */
  readonly atMs: number;
  /** Time that the processors worked for anybody, also for other machines of the same host. */
  readonly busyMs: number;
  /** Time that they worked for this process, those that it started, and those that these started. */
  readonly ownMs: number;
}

/** Tells how much of the processors others use while something is measured. On Linux only. */
export class ProcessorMeter {
  readonly #read: () => ProcessorUse | null;
  #last: ProcessorUse | null;

  /** @param read - null where it cannot be known */
  constructor(read: () => ProcessorUse | null = readProcessorUse) {
    this.#read = read;
    this.#last = read();
  }

  /** @returns how many processors others used since the last call, on average; null if unknown */
  others(): number | null {
    const now = this.#read();
    const last = this.#last;
    this.#last = now;
    if (!now || !last || now.atMs <= last.atMs) {
      return null;
    }
    const others = now.busyMs - last.busyMs - (now.ownMs - last.ownMs);
    return Math.max(0, others / (now.atMs - last.atMs));
  }
}

function readProcessorUse(): ProcessorUse | null {
  try {
    const processes = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((pid) => textOf(`/proc/${pid}/stat`) ?? []);
    return {
      atMs: performance.now(),
      busyMs: busyTicks(readFileSync('/proc/stat', 'utf8')) * MS_PER_TICK,
      ownMs: ticksOfTree(processes, process.pid) * MS_PER_TICK,
    };
  } catch {
    return null;
  }
}

/** @returns null if the process has ended */
function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** @param stat - the text of `/proc/stat` */
export function busyTicks(stat: string): number {
  const fields = stat.slice(0, stat.indexOf('\n')).trim().split(/\s+/).slice(1).map(Number);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = fields;
  return user + nice + system + irq + softirq + steal;
}

/**
 * The processor time of a process and its descendants; what those had that have ended is kept by
 * their parents.
 *
 * @param stats - the text of `/proc/<pid>/stat` of each process
 */
export function ticksOfTree(stats: readonly string[], root: number): number {
  const processes = stats.map(parseStat);
  const tree = new Set([root]);
  for (const pid of tree) {
    for (const { pid: child, parent } of processes) {
      if (parent === pid) {
        tree.add(child);
      }
    }
  }
  return processes.filter(({ pid }) => tree.has(pid)).reduce((sum, { ticks }) => sum + ticks, 0);
}

function parseStat(stat: string): { pid: number; parent: number; ticks: number } {
  // The name of the program is in brackets, and may have spaces and brackets itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { pid: Number.parseInt(stat, 10), parent: Number(fields[1]), ticks };
}
