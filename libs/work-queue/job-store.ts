import type { SetAsideJob } from './port.ts';

/** A job to be stored. */
export interface NewJob {
  readonly topic: string;
  readonly key: string;
  readonly dueMs: number;
  readonly expiresAtMs: number | null;
  readonly nowMs: number;
}

/** A job in the hands of a consumer, until it becomes visible again. */
export interface TakenJob {
  readonly topic: string;
  readonly key: string;
  readonly expiresAtMs: number | null;
  /** How often it was taken, including now. */
  readonly attempts: number;
  /** Failed attempts, including those whose consumer never reported. */
  readonly failures: number;
  /** Names this taking. Once the job is taken again, the old taking changes nothing. */
  readonly token: string;
}

/** The job as if it had not been taken, to be put back. */
export function notAttempted(job: TakenJob): TakenJob {
  return { ...job, attempts: job.attempts - 1 };
}

/** How a job is put back. */
export interface PutBack {
  readonly dueMs: number;
  /** What {@link JobStore.hasten} may make it due for earlier; null for nothing. */
  readonly waitsFor: string | null;
}

/** Selects jobs that wait for something. */
export interface Waiting {
  readonly waitsFor: string;
  /** At most this many, those due first. */
  readonly most: number;
  readonly nowMs: number;
}

/** Selects jobs to take. */
export interface Taking {
  readonly nowMs: number;
  readonly limit: number;
  /** When the jobs become due again unless released or finished before. */
  readonly dueAgainMs: number;
  /** The end of the longest pause that could begin now; jobs due later are made due now. */
  readonly latestDueMs: number;
}

/**
 * Keeps jobs. A job is due at some time; taking it moves that time ahead, so that it comes back by
 * itself if its consumer dies. Every method is atomic, and throws `BackingUnavailableError` as the
 * queue does.
 */
export interface JobStore extends AsyncDisposable {
  /** Does nothing if the topic already has an unexpired job of that key. */
  add(job: NewJob): Promise<void>;

  /** Makes a topic's jobs due that were taken and not released. */
  makeTakenDue(topic: string, nowMs: number): Promise<void>;

  /**
   * Takes the jobs due for longest, and removes expired ones. Jobs due too late become due now;
   * those in hand, after another taking's time, as their handler may be at work.
   *
   * @returns also when the topic's next job will be due
   */
  take(
    topic: string,
    taking: Taking,
  ): Promise<{ readonly jobs: readonly TakenJob[]; readonly nextDueMs: number | null }>;

  /** Whether a taken job cannot have become due again yet, except by its taking's own time. */
  isHeld(job: TakenJob): boolean;

  remove(job: TakenJob): Promise<void>;

  /** Puts the job back. */
  release(job: TakenJob, putBack: PutBack): Promise<void>;

  /**
   * Makes jobs due that wait for something.
   *
   * @returns how many
   */
  hasten(topic: string, waiting: Waiting): Promise<number>;

  setAside(job: TakenJob, reason: string, nowMs: number): Promise<void>;

  listSetAside(topic: string | null): AsyncIterable<SetAsideJob>;

  /**
   * Makes a set-aside job due, as new.
   *
   * @returns whether there was one
   */
  replay(topic: string, key: string, nowMs: number): Promise<boolean>;

  /**
   * Removes a set-aside job.
   *
   * @returns whether there was one
   */
  discard(topic: string, key: string): Promise<boolean>;

  /** Counts jobs that are neither set aside nor expired. */
  depth(topic: string, nowMs: number): Promise<number>;

  /** As {@link import('./port.ts').WorkQueue.oldestDue}, in milliseconds; null if nothing is due. */
  oldestDueMs(topic: string, nowMs: number): Promise<number | null>;

  check(): Promise<void>;
}
