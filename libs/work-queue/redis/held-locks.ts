import type { Worker } from 'bullmq';
import type { JobData, StoredJob } from './job-data.ts';

interface HeldLock {
  readonly job: StoredJob;
  readonly worker: Worker<JobData>;
  /** When the job goes to another whatever its process does; by `performance`. */
  readonly untilMs: number;
  /** Until when it does not, whatever Redis does; by the same clock. 0 once lost. */
  lockedUntilMs: number;
}

/** Renewals per life of a lock. */
const SIGNS_OF_LIFE = 3;
/**
 * The part of its life that a lock surely has left when the job is taken: it was requested a little
 * before.
 */
const RENEWED_WITHIN = 0.8;

/**
 * Renews the locks of the jobs that this process has in hand. Locks are short, so that the jobs of
 * a dead process soon go to another.
 */
export class HeldLocks implements Disposable {
  readonly #lockMs: number;
  readonly #held = new Map<string, HeldLock>();
  readonly #timer: NodeJS.Timeout;

  constructor(lockMs: number) {
    this.#lockMs = lockMs;
    this.#timer = setInterval(() => this.#renew(), lockMs / SIGNS_OF_LIFE).unref();
  }

  /** @param forMs - longest time for the job */
  hold(
    token: string,
    job: StoredJob,
    { worker, forMs }: { readonly worker: Worker<JobData>; readonly forMs: number },
  ): void {
    const nowMs = performance.now();
    // The lock began when it was requested, not long ago.
    const lockedUntilMs = nowMs + this.#lockMs * RENEWED_WITHIN;
    this.#held.set(token, { job, worker, untilMs: nowMs + forMs, lockedUntilMs });
  }

  /** Whether the job cannot have been given to another. */
  isHeld(token: string): boolean {
    const held = this.#held.get(token);
    return held !== undefined && performance.now() < Math.min(held.untilMs, held.lockedUntilMs);
  }

  /** @returns the job, whose lock is no longer renewed */
  letGo(token: string): StoredJob | undefined {
    const held = this.#held.get(token);
    this.#held.delete(token);
    return held?.job;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #renew(): void {
    const nowMs = performance.now();
    const byWorker = new Map<Worker<JobData>, Map<string, [string, HeldLock]>>();
    for (const [token, held] of this.#held) {
      if (nowMs < held.untilMs && held.job.id !== undefined) {
        const locks = byWorker.getOrInsertComputed(held.worker, () => new Map());
        locks.set(held.job.id, [token, held]);
      }
    }
    for (const [worker, locks] of byWorker) {
      this.#extend(worker, locks).catch(() => {
        // Redis is away: once back, it may give the jobs to others, so they are not held.
      });
    }
  }

  /** @param locks - by job id */
  async #extend(
    worker: Worker<JobData>,
    locks: ReadonlyMap<string, readonly [string, HeldLock]>,
  ): Promise<void> {
    const askedAtMs = performance.now();
    const tokens = [...locks.values()].map(([token]) => token);
    const lost = new Set(await worker.extendJobLocks([...locks.keys()], tokens, this.#lockMs));
    for (const [id, [, held]] of locks) {
      held.lockedUntilMs = lost.has(id) ? 0 : askedAtMs + this.#lockMs;
    }
  }
}
