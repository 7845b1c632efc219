import { mock } from 'node:test';
import type { Clock } from '#clock/clock.ts';
import { ClockPlausibility } from '#clock/clock-plausibility.ts';

interface PendingAction {
  readonly dueMs: number;
  readonly run: () => void;
}

/**
 * Time that stands still except for {@link TravellingTime.pass}, for this gateway through
 * its clock and for the peer library through the system's `Date`, which it reads. Waiting
 * takes the real time, or ends when its time passes here.
 */
export class TravellingTime implements Clock, Disposable {
  /** A witness confirms wherever time has come to. */
  readonly plausibility: ClockPlausibility;
  readonly #pending = new Set<PendingAction>();

  constructor() {
    mock.timers.enable({ apis: ['Date'], now: Date.now() });
    this.plausibility = new ClockPlausibility({ clock: this, notBefore: new Date(0) });
  }

  now(): Date {
    return new Date();
  }

  elapsedMs(): number {
    return Date.now();
  }

  schedule(delayMs: number, action: () => void): () => void {
    const cancel = () => {
      clearTimeout(timer);
      this.#pending.delete(pending);
    };
    const run = () => {
      cancel();
      action();
    };
    const pending = { dueMs: Date.now() + delayMs, run };
    const timer = setTimeout(run, Math.min(delayMs, 2 ** 31 - 1)).unref();
    this.#pending.add(pending);
    return cancel;
  }

  /** Lets time pass, then runs what was due meanwhile. */
  pass(ms: number): void {
    const nowMs = Date.now() + ms;
    mock.timers.setTime(nowMs);
    this.plausibility.hear({ by: 'the traveller', theirsMs: nowMs, oursMs: nowMs });
    for (const { dueMs, run } of [...this.#pending].sort((a, b) => a.dueMs - b.dueMs)) {
      if (dueMs <= nowMs) {
        run();
      }
    }
  }

  [Symbol.dispose](): void {
    mock.timers.reset();
  }
}
