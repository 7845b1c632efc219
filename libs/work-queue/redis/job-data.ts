import { createHash } from 'node:crypto';
import type { Job as BullJob } from 'bullmq';
import type { TakenJob } from '../job-store.ts';

/** What BullMQ keeps of a job for us. */
export interface JobData {
  readonly key: string;
  readonly expiresAtMs: number | null;
  /**
   * When the job is due, or since when; BullMQ drops its own once that time has come. Missing in
   * jobs enqueued by older versions.
   */
  readonly dueMs?: number;
  /** Takings that ended and counted as attempts. */
  readonly attempts: number;
  readonly failures: number;
  /** BullMQ's count of takings at the last one whose end was reported. */
  readonly started: number;
  /** What may make it due earlier; see {@link import('./waiting-jobs.ts').WaitingJobs}. */
  readonly waitsFor?: string;
  /** Why the job was set aside. */
  readonly reason?: string;
}

/** A job as BullMQ returns it. */
export type StoredJob = BullJob<JobData>;

/** A hash of the key, as BullMQ forbids ids that are integers or contain `:`. */
export function jobIdOf(key: string): string {
  return `k${createHash('sha256').update(key).digest('base64url')}`;
}

interface Counts {
  readonly attempts: number;
  readonly failures: number;
}

/**
 * The counts for a job that was just taken: takings that never reported their end count as failed,
 * and this one as an attempt.
 */
export function countsOf({ data, attemptsStarted }: StoredJob): Counts {
  const untold = Math.max(0, attemptsStarted - data.started - 1);
  return { attempts: data.attempts + untold + 1, failures: data.failures + untold };
}

/** The data to keep of a job whose taking ends. */
export function dataOf({ attempts, failures }: TakenJob, stored: StoredJob): JobData {
  const { waitsFor: _, ...data } = stored.data;
  return { ...data, attempts, failures, started: stored.attemptsStarted };
}

/** The due time, or the expiry if that is earlier. */
export function dueOrExpired(dueMs: number, expiresAtMs: number | null): number {
  return expiresAtMs === null ? dueMs : Math.min(dueMs, expiresAtMs + 1);
}

/**
 * When a job is due. BullMQ's own numbers say so only until the first attempt ends; after that,
 * `delay` counts from the end of the last attempt, while `timestamp` stays that of enqueuing.
 */
export function dueMsOf({ data, timestamp, delay }: StoredJob): number {
  return data.dueMs ?? timestamp + delay;
}

/**
 * Ignores BullMQ's own errors, whose codes are negative: the job is gone, or another has it in
 * hand.
 */
export function ignoreLostLock(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && Number(error.code) < 0)) {
    throw error;
  }
}
