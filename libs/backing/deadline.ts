import type { Clock } from '#clock/clock.ts';
import { type BackingName, BackingUnavailableError } from './errors.ts';

interface Deadline {
  readonly clock: Clock;
  readonly backing: BackingName;
  /** Longest time that a call may take, repetitions included. */
  readonly deadlineMs: number;
}

/**
 * Gives a call its deadline: past it, the signal that the call got is aborted and the
 * result is a failure at once, whether or not the call heeds the signal.
 *
 * @throws {BackingUnavailableError} once the deadline has passed
 */
export async function withDeadline<T>(
  { clock, backing, deadlineMs }: Deadline,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const aborter = new AbortController();
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  const cancel = clock.schedule(deadlineMs, () => {
    const error = new BackingUnavailableError(backing, `no answer within ${deadlineMs} ms`);
    reject(error);
    aborter.abort(error);
  });
  try {
    return await Promise.race([call(aborter.signal), tooLate]);
  } finally {
    cancel();
  }
}
