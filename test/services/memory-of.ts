import { readFile } from 'node:fs/promises';

/** The memory of a process, in octets, as Linux counts it (`/proc/<pid>/smaps_rollup`). */
export interface ProcessMemory {
  /** Resident memory. What processes share, mostly Node's program, counts in full in each. */
  readonly rss: number;
  /** The same, but with a share of what is shared, so that the processes' figures add up. */
  readonly pss: number;
  /** Memory of this process alone, freed when it ends. */
  readonly uss: number;
  /** Memory not backed by files: heaps, buffers, stacks. */
  readonly anonymous: number;
}

/** @param pid - of a process of this user; only on Linux */
export async function memoryOf(pid: number): Promise<ProcessMemory> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  const octets = (field: string) =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]) * 1_024;
  return {
    rss: octets('Rss'),
    pss: octets('Pss'),
    uss: octets('Private_Clean') + octets('Private_Dirty'),
    anonymous: octets('Anonymous'),
  };
}
