/** The only source of time and timers, so that tests move time instead of sleeping. */
export interface Clock {
  now(): Date;

  /**
   * Milliseconds by a clock that nobody can set, counted from some moment. For durations within one
   * process, such as a cache entry's age or a pause's end.
   */
  elapsedMs(): number;

  /**
   * Calls `action` once, after at least `delayMs`, unless the returned function is called first. A
   * pending call never keeps the process alive.
   */
  schedule(delayMs: number, action: () => void): () => void;
}

/** Longest delay that Node's timers can represent, in milliseconds. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The machine's clock, with Node's timers. */
export const systemClock: Clock = {
  now: () => new Date(),
  elapsedMs: () => performance.now(),
  schedule(delayMs, action) {
    const timer = setTimeout(action, Math.min(delayMs, MAX_TIMER_MS)).unref();
    return () => clearTimeout(timer);
  },
};

/**
 * Resolves after at least `delayMs`.
 *
 * @throws the signal's reason, as soon as `signal` is aborted
 */
export function delay(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.schedule(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
