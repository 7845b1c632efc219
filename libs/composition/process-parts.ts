import { BUILT_AT } from '#clock/built-at.ts';
import { type Clock, systemClock } from '#clock/clock.ts';
import { ClockPlausibility } from '#clock/clock-plausibility.ts';
import type { Log } from '#log/log.ts';
import type { GatewayMetrics } from '#metrics/port.ts';
import { ProcessMetrics } from '#runtime/metrics.ts';
import { NO_PASSED_SOCKETS, type PassedSockets } from '#runtime/passed-sockets.ts';

/** What a service's process has besides its backing. */
export interface ProcessParts {
  /** A constant, such as `poweb`. */
  readonly service: string;
  readonly clock: Clock;
  /** Whether the clock may be right. */
  readonly plausibility: ClockPlausibility;
  /** True for the system clock, which witnesses can check. */
  readonly isSystemClock: boolean;
  readonly log: Log;
  readonly metrics: GatewayMetrics;
  readonly processMetrics: ProcessMetrics;
  /** Aborted when the process is told to stop. */
  readonly stopping: AbortSignal;
  /** Sockets that replace the configured ports. */
  readonly passed: PassedSockets;
}

/** Test overrides; only `log` is required. */
export type GivenParts = Partial<
  Pick<ProcessParts, 'clock' | 'plausibility' | 'metrics' | 'stopping' | 'passed'>
> &
  Pick<ProcessParts, 'log'>;

/** The parts of a service's process, with those given in place of the real ones. */
export function processParts(service: string, given: GivenParts): ProcessParts {
  const processMetrics = new ProcessMetrics({ service });
  const {
    log,
    clock = systemClock,
    // A clock that is given has a time of its own.
    plausibility = new ClockPlausibility({
      clock,
      notBefore: given.clock ? new Date(0) : BUILT_AT,
    }),
    metrics = processMetrics.gateway,
    stopping = new AbortController().signal,
    passed = NO_PASSED_SOCKETS,
  } = given;
  processMetrics.observe(
    'clock_in_doubt',
    'Whether the clock of this machine may be wrong, so that nothing is refused for its dates',
    () => (plausibility.doubt === null ? 0 : 1),
  );
  const isSystemClock = given.clock === undefined;
  return {
    service,
    clock,
    plausibility,
    isSystemClock,
    log,
    metrics,
    processMetrics,
    stopping,
    passed,
  };
}
