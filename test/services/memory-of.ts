import { readFile } from 'node:fs/promises';

/** The memory of a process, in octets, as Linux counts it (`/proc/<pid>/smaps_rollup`). */
export interface ProcessMemory {
  /** All that is resident. What processes share, Node's program above all, counts in each of them. */
  readonly rss: number;
  /** The same, but what is shared counts in parts: those of all processes add up to what they take. */
  readonly pss: number;
  /** What no other process has, and the end of this one would set free. */
  readonly uss: number;
  /** What no file backs: heaps, buffers, stacks. */
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
