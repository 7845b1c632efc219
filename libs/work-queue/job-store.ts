import type { SetAsideJob } from './port.ts';

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
  /** How often it was taken, this time included. */
  readonly attempts: number;
  /** Attempts that failed, those included whose consumer never said how they ended. */
  readonly failures: number;
  /** Names this taking: once the job was taken again, the old taking changes nothing. */
  readonly token: string;
}

/** How a job is put back. */
export interface Release {
  readonly dueMs: number;
  /** What makes it due before, if {@link JobStore.hasten} is told; null for nothing. */
  readonly waitsFor: string | null;
}

/** Jobs that wait for something. */
export interface Waiting {
  readonly waitsFor: string;
  /** How many of them at most, those first that are due first. */
  readonly most: number;
  readonly nowMs: number;
}

export interface Taking {
  readonly nowMs: number;
  readonly limit: number;
  /** When the jobs are due again, unless they are released or finished before. */
  readonly dueAgainMs: number;
  /** The end of the longest pause that begins now: what is due later is due now. */
  readonly latestDueMs: number;
}

/**
 * Where jobs are kept. A job is due at some time; taking it moves that time
 * ahead, so that it comes back by itself if its consumer dies. All methods are
 * atomic and throw `BackingUnavailableError` as the queue does.
 */
export interface JobStore extends AsyncDisposable {
  /** Does nothing if the topic has a job of that key that has not expired. */
  add(job: NewJob): Promise<void>;

  /** Makes the jobs of a topic due that were taken and not released. */
  makeTakenDue(topic: string, nowMs: number): Promise<void>;

  /**
   * Takes the jobs that have been due for longest; removes expired ones. Those that are due
   * too late are made due; those in hand, after another taking's time: their handler may be at work.
   *
   * @returns also when the next job of the topic will be due
   */
  take(
    topic: string,
    taking: Taking,
  ): Promise<{ readonly jobs: readonly TakenJob[]; readonly nextDueMs: number | null }>;

  /** Whether a job that was taken cannot have become due again by now, other than by the time that its taking named. */
  isHeld(job: TakenJob): boolean;

  remove(job: TakenJob): Promise<void>;

  /** Puts the job back as it is described. */
  release(job: TakenJob, release: Release): Promise<void>;

  /** Makes jobs due that wait for something and are not due yet. @returns how many */
  hasten(topic: string, waiting: Waiting): Promise<number>;

  setAside(job: TakenJob, reason: string, nowMs: number): Promise<void>;

  listSetAside(topic: string | null): AsyncIterable<SetAsideJob>;

  /** Makes a set-aside job due, as if it was new. @returns whether there was one */
  replay(topic: string, key: string, nowMs: number): Promise<boolean>;

  /** Removes a set-aside job. @returns whether there was one */
  discard(topic: string, key: string): Promise<boolean>;

  /** Jobs that are not set aside and have not expired. */
  depth(topic: string, nowMs: number): Promise<number>;

  /** As {@link import('./port.ts').WorkQueue.oldestDue}, in milliseconds; null if nothing is due. */
  oldestDueMs(topic: string, nowMs: number): Promise<number | null>;

  check(): Promise<void>;
}
