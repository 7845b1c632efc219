import { type Clock, systemClock } from '#clock/clock.ts';
import type { Log } from '#log/log.ts';
import type { GatewayMetrics } from '#metrics/port.ts';
import { ProcessMetrics } from '#runtime/metrics.ts';
import { NO_PASSED_SOCKETS, type PassedSockets } from '#runtime/passed-sockets.ts';

/** What the process of a service has besides its backing. */
export interface ProcessParts {
  /** A fixed word, such as `poweb`. */
  readonly service: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: GatewayMetrics;
  readonly processMetrics: ProcessMetrics;
  /** Aborted when the process is told to stop. */
  readonly stopping: AbortSignal;
  /** What servers listen on instead of the ports that they were told. */
  readonly passed: PassedSockets;
}

/** What takes the place of the real thing; the log there always is. */
export type GivenParts = Partial<Pick<ProcessParts, 'clock' | 'metrics' | 'stopping' | 'passed'>> &
  Pick<ProcessParts, 'log'>;

export function processParts(service: string, given: GivenParts): ProcessParts {
  const processMetrics = new ProcessMetrics({ service });
  const {
    log,
    clock = systemClock,
    metrics = processMetrics.gateway,
    stopping = new AbortController().signal,
    passed = NO_PASSED_SOCKETS,
  } = given;
  return { service, clock, log, metrics, processMetrics, stopping, passed };
}
