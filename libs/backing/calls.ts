import { type Backoff, pauseAfter } from '#bounds/backoff.ts';
import { Budget } from '#bounds/budget.ts';
import { type Deadline, withDeadline } from '#bounds/deadline.ts';
import { type Clock, delay } from '#clock/clock.ts';
import { type BackingName, BackingUnavailableError } from './errors.ts';

/**
 * Longest time for a call to a backing service, repetitions included, unless the caller is more patient:
 * deployed clients give up at 3 s.
 */
export const BACKING_DEADLINE_MS = 2_000;

interface CallDeadline {
  readonly clock: Clock;
  readonly backing: BackingName;
  /** Deadline of a call, including retries. */
  readonly deadlineMs: number;
}

/**
 * Gives a call to a backing service its deadline ({@link withDeadline}).
 *
 * @throws {BackingUnavailableError} once the deadline has passed
 */
export function callInTime<Result>(
  { clock, backing, deadlineMs }: CallDeadline,
  call: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const tooLate = () => new BackingUnavailableError(backing, `no answer within ${deadlineMs} ms`);
  const deadline: Deadline = { clock, timeoutMs: deadlineMs, tooLate };
  return withDeadline(deadline, call);
}

/** The error that ports document for a failure of their backing service. */
export function asUnavailable(backing: BackingName, cause: unknown): BackingUnavailableError {
  if (cause instanceof BackingUnavailableError) {
    return cause;
  }
  const message = cause instanceof Error ? cause.message : String(cause);
  return new BackingUnavailableError(backing, message, { cause });
}

interface CallLimitOptions {
  readonly backing: BackingName;
  /** Concurrent calls. */
  readonly concurrency: number;
  /** Calls that may wait for a turn. */
  readonly waiting: number;
}

/** Limits concurrent calls and those that wait; refuses more. */
export class CallLimit {
  readonly #turns: Budget;

  constructor({ backing, concurrency, waiting }: CallLimitOptions) {
    const tooMany = () => new BackingUnavailableError(backing, 'too many calls wait for it');
    this.#turns = new Budget(concurrency, { waiting: { max: waiting, tooMany } });
  }

  /**
   * @param signal - ends the wait, with its reason
   * @throws {BackingUnavailableError} at once, if too many calls wait already
   */
  async run<Result>(call: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
    const release = await this.#turns.acquire(1, signal);
    try {
      return await call();
    } finally {
      release();
    }
  }
}

interface Repetition {
  readonly clock: Clock;
  /** Ends the retries, even during a pause. */
  readonly signal: AbortSignal;
  readonly isTransient: (error: unknown) => boolean;
}

const REPEATING: Backoff = { firstMs: 50, maxMs: 800 };
const MOST_ATTEMPTS = 4;

/**
 * Makes a call up to four times while failures are transient, after growing pauses. Only for calls
 * that are safe to repeat.
 *
 * @throws what the last attempt threw
 */
export async function repeat<Result>(
  { clock, signal, isTransient }: Repetition,
  call: () => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (signal.aborted || attempt === MOST_ATTEMPTS || !isTransient(error)) {
        throw error;
      }
      await delay(clock, pauseAfter(attempt, REPEATING), signal);
    }
  }
}
