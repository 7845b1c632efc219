import { type Clock, delay } from '#clock/clock.ts';

interface Repetition {
  readonly clock: Clock;
  /** Ends the repetition, also during a pause. */
  readonly signal: AbortSignal;
  readonly isTransient: (error: unknown) => boolean;
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 800;
const MOST_ATTEMPTS = 4;

/**
 * Calls again while the failure is transient, after growing, jittered pauses. Only
 * for calls that may be made twice.
 *
 * @throws what the last attempt threw
 */
export async function repeat<T>(
  { clock, signal, isTransient }: Repetition,
  call: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (signal.aborted || attempt === MOST_ATTEMPTS || !isTransient(error)) {
        throw error;
      }
      const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS);
      await delay(clock, pauseMs * (0.5 + Math.random() / 2), signal);
    }
  }
}
