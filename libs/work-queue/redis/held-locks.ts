import type { Worker } from 'bullmq';
import type { JobData, StoredJob } from './job-data.ts';

interface HeldLock {
  readonly job: StoredJob;
  readonly worker: Worker<JobData>;
  /** From then on the job is given to another, whatever its process does; in the time of `performance`. */
  readonly untilMs: number;
}

/** In the life of a lock, its process tells so often that it lives. */
const SIGNS_OF_LIFE = 3;

/**
 * The jobs that this process has in hand. As long as it lives it renews their locks, which are short,
 * so that those of a process that died are soon given to another.
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
    this.#held.set(token, { job, worker, untilMs: performance.now() + forMs });
  }

  /** @returns the job, whose lock is renewed no more */
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
    const byWorker = new Map<Worker<JobData>, { ids: string[]; tokens: string[] }>();
    for (const [token, { job, worker, untilMs }] of this.#held) {
      if (nowMs < untilMs && job.id !== undefined) {
        const { ids, tokens } = byWorker.getOrInsertComputed(worker, () => ({
          ids: [],
          tokens: [],
        }));
        ids.push(job.id);
        tokens.push(token);
      }
    }
    for (const [worker, { ids, tokens }] of byWorker) {
      worker.extendJobLocks(ids, tokens, this.#lockMs).catch(() => {
        // Redis is away: the jobs may be given to another, and be done twice.
      });
    }
  }
}
