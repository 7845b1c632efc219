import type { Clock } from '#clock/clock.ts';

/** Something took longer than it may. */
export class DeadlineError extends Error {
  readonly code = 'DEADLINE';

  constructor(what: string, timeoutMs: number) {
    super(`${what} took longer than ${timeoutMs} ms`);
    this.name = 'DeadlineError';
  }
}

/** How long some work may take, and what happens then. */
export interface Deadline {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** The error that the caller gets once time is up. */
  readonly tooLate: () => Error;
  /** Ends the work earlier, if the work heeds its own signal, which then has the same reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Waits for `work` for at most `timeoutMs`, then for `otherwise` instead.
 *
 * At the bound, nothing stops the work: it goes on, and its result or failure is dropped.
 *
 * @throws what `work` throws in time, or `otherwise` after it
 */
export function inTime<Result, Other>(
  clock: Clock,
  timeoutMs: number,
  work: Promise<Result>,
  otherwise: () => Other | Promise<Other>,
): Promise<Result | Other> {
  return new Promise((resolve, reject) => {
    const cancel = clock.schedule(timeoutMs, () => resolve(Promise.try(otherwise)));
    work.then(
      (result) => {
        cancel();
        resolve(result);
      },
      (error: unknown) => {
        cancel();
        reject(error);
      },
    );
  });
}

/**
 * Runs `work` with a deadline.
 *
 * At the bound, the caller gets `tooLate()` at once, and the work's signal is aborted with the same
 * error, whether or not the work heeds it; its result is dropped.
 *
 * @throws what `work` throws in time, or `tooLate()`
 */
export async function withDeadline<Result>(
  { clock, timeoutMs, tooLate, signal }: Deadline,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const overdue = new AbortController();
  const limited = signal ? AbortSignal.any([signal, overdue.signal]) : overdue.signal;
  return inTime(clock, timeoutMs, work(limited), () => {
    const error = tooLate();
    overdue.abort(error);
    throw error;
  });
}
