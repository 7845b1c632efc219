import type { Clock } from '#clock/clock.ts';

/** Something took longer than it may. */
class DeadlineError extends Error {
  readonly code = 'DEADLINE';

  constructor(what: string, timeoutMs: number) {
    super(`${what} took longer than ${timeoutMs} ms`);
    this.name = 'DeadlineError';
  }
}

interface Deadline {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** For the error's message. */
  readonly what: string;
  /** Ends the wait earlier, with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs `action`, whose signal is aborted with a {@link DeadlineError} when the
 * time is over. The action has to heed it.
 */
export async function withDeadline<Result>(
  { clock, timeoutMs, what, signal }: Deadline,
  action: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const overdue = new AbortController();
  const cancel = clock.schedule(timeoutMs, () => overdue.abort(new DeadlineError(what, timeoutMs)));
  try {
    return await action(signal ? AbortSignal.any([signal, overdue.signal]) : overdue.signal);
  } finally {
    cancel();
  }
}
