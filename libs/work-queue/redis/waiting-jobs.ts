import { createHash } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';
import type { Waiting } from '../job-store.ts';
import type { StoredJob } from './job-data.ts';
import type { TopicQueue } from './topic-queue.ts';

/** How many indexed jobs to look at per job wanted; those that no longer wait are skipped. */
const MOST_LOOKED_AT = 4;
/** How long an index outlives the due time of its last job. */
const KEPT_FOR_MS = 3_600_000;

/**
 * Indexes which delayed jobs wait for what: per thing, a sorted set of ids by due time. It may name
 * too many or too few: a job is checked before it is made due, and one missing from the index is
 * due at its own time.
 */
export class WaitingJobs {
  readonly #commands: Redis | Cluster;
  readonly #prefix: string;

  /** @param prefix - of all keys; keeps them in one slot of a cluster */
  constructor(commands: Redis | Cluster, prefix: string) {
    this.#commands = commands;
    this.#prefix = prefix;
  }

  /** Call it once the job is delayed. */
  async add(
    topic: string,
    job: { readonly id: string; readonly waitsFor: string; readonly dueMs: number },
    nowMs: number,
  ): Promise<void> {
    const key = this.#keyOf(topic, job.waitsFor);
    await this.#commands
      .multi()
      .zadd(key, job.dueMs, job.id)
      // Already due by themselves: taken again, or about to be.
      .zremrangebyscore(key, '-inf', nowMs)
      .pexpire(key, Math.max(job.dueMs - nowMs, 0) + KEPT_FOR_MS)
      .exec();
  }

  /**
   * Makes jobs due.
   *
   * @returns how many
   */
  async hasten({ queue, name }: TopicQueue, { waitsFor, most }: Waiting): Promise<number> {
    const key = this.#keyOf(name, waitsFor);
    let hastened = 0;
    for (let left = most * MOST_LOOKED_AT; left > 0 && hastened < most; ) {
      const popped = await this.#commands.zpopmin(key, Math.min(most - hastened, left));
      const ids = popped.filter((_, index) => index % 2 === 0);
      if (ids.length === 0) {
        break;
      }
      left -= ids.length;
      const jobs = await Promise.all(ids.map((id) => queue.getJob(id)));
      const made = await Promise.all(jobs.map((job) => makeDue(job, waitsFor)));
      hastened += made.filter(Boolean).length;
    }
    return hastened;
  }

  #keyOf(topic: string, waitsFor: string): string {
    const hash = createHash('sha256').update(waitsFor).digest('base64url');
    return `${this.#prefix}:waiting:${topic}:${hash}`;
  }
}

/** @returns false if the job is gone, in hand, due, or now delayed for another reason */
async function makeDue(job: StoredJob | undefined, waitsFor: string): Promise<boolean> {
  if (job?.data.waitsFor !== waitsFor) {
    return false;
  }
  try {
    await job.promote();
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && Number(error.code) < 0) {
      return false;
    }
    throw error;
  }
}
