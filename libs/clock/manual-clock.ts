import type { Clock } from './clock.ts';

interface PendingAction {
  readonly dueMs: number;
  readonly order: number;
  readonly action: () => void;
}

/** A clock for tests: time stands still until {@link ManualClock.advance} moves it. */
export class ManualClock implements Clock {
  #nowMs: number;
  /** How far the clock was set ahead of the time that passed. */
  #setMs = 0;
  #order = 0;
  readonly #pending = new Set<PendingAction>();

  constructor(start: Date = new Date('2026-01-01T00:00:00Z')) {
    this.#nowMs = start.getTime();
  }

  now(): Date {
    return new Date(this.#nowMs + this.#setMs);
  }

  elapsedMs(): number {
    return this.#nowMs;
  }

  schedule(delayMs: number, action: () => void): () => void {
    const pending = { dueMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, action };
    this.#pending.add(pending);
    return () => {
      this.#pending.delete(pending);
    };
  }

  /** Sets the clock, as an operator would: no time passes, and nothing falls due. */
  set(time: Date): void {
    this.#setMs = time.getTime() - this.#nowMs;
  }

  /** Moves time forward; runs what falls due, in order of due time and then of scheduling. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (let next = this.#nextDue(endMs); next; next = this.#nextDue(endMs)) {
      this.#pending.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.action();
    }
    this.#nowMs = endMs;
  }

  /**
   * Moves time to the next pending action, and runs it.
   *
   * @returns false if nothing is pending
   */
  advanceToNext(): boolean {
    const next = this.#nextDue(Number.POSITIVE_INFINITY);
    if (next) {
      this.#pending.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.action();
    }
    return next !== undefined;
  }

  #nextDue(endMs: number): PendingAction | undefined {
    let next: PendingAction | undefined;
    for (const pending of this.#pending) {
      if (pending.dueMs > endMs) {
        continue;
      }
      if (
        !next ||
        pending.dueMs < next.dueMs ||
        (pending.dueMs === next.dueMs && pending.order < next.order)
      ) {
        next = pending;
      }
    }
    return next;
  }
}
