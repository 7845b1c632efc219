import { BackingUnavailableError } from '#backing/errors.ts';
import { type Clock, inTime as waitInTime } from '#clock/clock.ts';

/**
 * Waits for `work` up to `deadlineMs`. File access cannot be cancelled: after that, it goes on
 * unobserved.
 *
 * @throws {BackingUnavailableError} after `deadlineMs`
 */
export function inTime<Result>(
  clock: Clock,
  deadlineMs: number,
  work: Promise<Result>,
): Promise<Result> {
  return waitInTime(clock, deadlineMs, work, () => {
    throw new BackingUnavailableError('object-store', 'the disk does not answer in time');
  });
}
