import { createHash } from 'node:crypto';
import type { Job as BullJob } from 'bullmq';
import type { TakenJob } from '../job-store.ts';

/** What BullMQ keeps of a job for us. */
export interface JobData {
  readonly key: string;
  readonly expiresAtMs: number | null;
  /**
   * Since when the job is due, or from when it will be, as BullMQ forgets it once the time has come.
   * Absent from jobs that were enqueued before it was kept.
   */
  readonly dueMs?: number;
  /** Takings that ended and count as attempts. */
  readonly attempts: number;
  readonly failures: number;
  /** BullMQ's count of takings when the last one ended that we were told of. */
  readonly started: number;
  /** What makes it due before its time; see {@link import('./waiting-jobs.ts').WaitingJobs}. */
  readonly waitsFor?: string;
  /** Why the job was set aside. */
  readonly reason?: string;
}

export type StoredJob = BullJob<JobData>;

/** BullMQ forbids `:` and integers as ids of jobs; a hash is neither, and short for any key. */
export function jobIdOf(key: string): string {
  return `k${createHash('sha256').update(key).digest('base64url')}`;
}

interface Counts {
  readonly attempts: number;
  readonly failures: number;
}

/**
 * What the counts are now that the job was taken: takings whose end nobody told count as failed
 * attempts, and the one of now as an attempt.
 */
export function countsOf({ data, attemptsStarted }: StoredJob): Counts {
  const untold = Math.max(0, attemptsStarted - data.started - 1);
  return { attempts: data.attempts + untold + 1, failures: data.failures + untold };
}

/** What to keep of a job whose taking ends. */
export function dataOf({ attempts, failures }: TakenJob, stored: StoredJob): JobData {
  const { waitsFor: _, ...data } = stored.data;
  return { ...data, attempts, failures, started: stored.attemptsStarted };
}

/** Not later than when the job is found to have expired. */
export function dueOrExpired(dueMs: number, expiresAtMs: number | null): number {
  return expiresAtMs === null ? dueMs : Math.min(dueMs, expiresAtMs + 1);
}

/**
 * When a job is due. BullMQ's own numbers tell so only until its first attempt ends: from then on
 * `delay` counts from the end of the last one, and `timestamp` is still that of enqueuing.
 */
export function dueMsOf({ data, timestamp, delay }: StoredJob): number {
  return data.dueMs ?? timestamp + delay;
}

/** BullMQ's own codes are negative: the job is gone, or in the hands of another. */
export function ignoreLostLock(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && Number(error.code) < 0)) {
    throw error;
  }
}
