import { readFileSync } from 'node:fs';
import process from 'node:process';

const NANOSECONDS_PER_MS = 1e6;

/**
 * How long processes were ready to run and did not get a processor, as Linux counts it
 * (`/proc/<pid>/schedstat`, of the main thread). A promise about time that a test asserts is put off
 * by this: on a machine that others use as well, only the rest says how fast a process is.
 *
 * Elsewhere than on Linux it is always 0.
 */
export class ProcessorWaits {
  readonly #pids: () => readonly number[];
  readonly #lastMs = new Map<number, number>();
  #totalMs = 0;

  /** @param pids - asked for each time, since processes may be replaced; this one is always counted */
  constructor(pids: () => readonly number[] = () => []) {
    this.#pids = pids;
    this.totalMs();
    this.#totalMs = 0;
  }

  /**
   * Of all of them together, in milliseconds, since this was made. What a process waited between the
   * last call and its end is not counted.
   */
  totalMs(): number {
    for (const pid of [process.pid, ...this.#pids()]) {
      const waitedMs = waitOf(pid);
      if (waitedMs !== null) {
        // One that is new began its wait at 0.
        this.#totalMs += Math.max(0, waitedMs - (this.#lastMs.get(pid) ?? 0));
        this.#lastMs.set(pid, waitedMs);
      }
    }
    return this.#totalMs;
  }
}

/** @returns null if there is no such process, or this is not Linux */
function waitOf(pid: number): number | null {
  try {
    const [, waitedNs] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ');
    return Number(waitedNs) / NANOSECONDS_PER_MS;
  } catch {
    return null;
  }
}
