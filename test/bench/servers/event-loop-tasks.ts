import { closeSync, openSync, readSync } from 'node:fs';
import { median, percentile99 } from '../rows/row.ts';
import type { Tasks } from './child-server.ts';

/**
 * How late a server process got round to what was due, without the time in which it waited for a
 * processor that others used.
 */
export interface EventLoopDelay {
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly longestMs: number;
}

const RESOLUTION_MS = 1;
const NANOSECONDS_PER_MS = 1e6;
/** Of the main thread, on Linux: time on a processor, time waiting for one, turns; in nanoseconds. */
const SCHEDULING = '/proc/self/schedstat';

/** `watchEventLoop` starts measuring anew; `eventLoopDelay` stops, and tells what was measured. */
export function eventLoopTasks(): Tasks {
  let watch: DelayWatch | null = null;
  return {
    watchEventLoop: () => {
      watch?.end();
      watch = new DelayWatch();
    },
    eventLoopDelay: (): EventLoopDelay | null => {
      const delay = watch?.end() ?? null;
      watch = null;
      return delay;
    },
  };
}

/** Ticks each millisecond, and notes how late each tick is. */
class DelayWatch {
  readonly #scheduling = openScheduling();
  readonly #octets = Buffer.alloc(80);
  readonly #lateMs: number[] = [];
  #tickedAtMs = performance.now();
  #waitedMs = this.#waitedForProcessorMs();
  readonly #timer = setInterval(() => this.#tick(), RESOLUTION_MS);

  #tick(): void {
    const nowMs = performance.now();
    const waitedMs = this.#waitedForProcessorMs();
    const lateMs = nowMs - this.#tickedAtMs - RESOLUTION_MS - (waitedMs - this.#waitedMs);
    this.#lateMs.push(Math.max(0, lateMs));
    this.#tickedAtMs = nowMs;
    this.#waitedMs = waitedMs;
  }

  end(): EventLoopDelay {
    clearInterval(this.#timer);
    if (this.#scheduling !== null) {
      closeSync(this.#scheduling);
    }
    return {
      medianMs: median(this.#lateMs),
      p99Ms: percentile99(this.#lateMs),
      longestMs: this.#lateMs.reduce((longest, each) => Math.max(longest, each), 0),
    };
  }

  /** 0 where the system does not tell. */
  #waitedForProcessorMs(): number {
    if (this.#scheduling === null) {
      return 0;
    }
    const length = readSync(this.#scheduling, this.#octets, 0, this.#octets.length, 0);
    const [, waited = '0'] = this.#octets.toString('latin1', 0, length).split(' ');
    return Number(waited) / NANOSECONDS_PER_MS;
  }
}

function openScheduling(): number | null {
  try {
    return openSync(SCHEDULING, 'r');
  } catch {
    return null;
  }
}
