import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Tasks } from './child-server.ts';

/** How late a server process got round to what was due. */
export interface EventLoopDelay {
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly longestMs: number;
}

const RESOLUTION_MS = 1;
const NANOSECONDS_PER_MS = 1e6;

/** `watchEventLoop` starts measuring anew; `eventLoopDelay` stops, and tells what was measured. */
export function eventLoopTasks(): Tasks {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  // What is recorded is the time between two ticks of a timer, which includes its own interval.
  const lateMs = (nanoseconds: number) =>
    Math.max(0, nanoseconds / NANOSECONDS_PER_MS - RESOLUTION_MS);
  return {
    watchEventLoop: () => {
      delays.enable();
      delays.reset();
    },
    eventLoopDelay: (): EventLoopDelay => {
      delays.disable();
      return {
        medianMs: lateMs(delays.percentile(50)),
        p99Ms: lateMs(delays.percentile(99)),
        longestMs: lateMs(delays.max),
      };
    },
  };
}
