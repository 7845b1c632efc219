import type { Clock } from '#clock/clock.ts';
import type { Log } from '#log/log.ts';
import type { LocalDatabases } from './local-databases.ts';

/** What every adapter may be opened with. */
export interface Foundations {
  readonly clock: Clock;
  readonly log: Log;
  readonly databases: LocalDatabases;
  /** Longest time for one call to a backing service. */
  readonly deadlineMs: number;
}
