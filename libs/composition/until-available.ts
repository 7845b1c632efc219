import { BackingUnavailableError } from '#backing/errors.ts';
import { type Clock, delay } from '#clock/clock.ts';
import type { Log } from '#log/log.ts';

const PAUSE_MS = 500;

export interface Waiting {
  /** In words, for the log: what the attempt is for. */
  readonly what: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Ends the waiting. */
  readonly stopping: AbortSignal;
}

/**
 * Attempts something at the start of a service until the backing services let it
 * succeed: a service that starts while one of them is away serves as soon as it
 * is back, and until then says why it is not ready.
 *
 * @throws what the attempt throws, unless it is a {@link BackingUnavailableError};
 * the signal's reason
 */
export async function untilAvailable<Result>(
  attempt: () => Promise<Result>,
  { what, clock, log, stopping }: Waiting,
): Promise<Result> {
  for (;;) {
    stopping.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof BackingUnavailableError)) {
        throw error;
      }
      log.warn({ reason: error.message }, `Waiting for ${what}`);
    }
    await delay(clock, PAUSE_MS, stopping);
  }
}
