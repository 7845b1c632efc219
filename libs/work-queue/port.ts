export interface Job {
  /** What the job is about, such as an object's key; 1 to 1 024 characters. */
  readonly key: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** When the work is no longer worth doing; null for never. */
  readonly expiresAt: Date | null;
  /** Aborted when the queue takes the job back: on closing, or past the visibility timeout. */
  readonly signal: AbortSignal;
  /**
   * Whether nobody else can have been given the job meanwhile: to be asked before what should not be
   * done twice. False past the visibility timeout, and where the queue could not be told for so long
   * that this process lives that it may take it for dead.
   */
  readonly isHeld: () => boolean;
}

interface RetryLaterOptions extends ErrorOptions {
  /** Earliest time of the next attempt; by default the queue's growing, jittered pause. */
  readonly notBefore?: Date;
  /** What the job waits for until then, such as a host: {@link WorkQueue.hasten} makes it due before. */
  readonly waitsFor?: string | undefined;
  /** False if nothing was tried: {@link Job.attempt} is then the same the next time. True by default. */
  readonly isAttempt?: boolean;
}

/** Thrown by a handler: try again later. Does not count towards setting the job aside. */
export class RetryLaterError extends Error {
  readonly code = 'RETRY_LATER';
  /** Earliest time of the next attempt, within an hour; by default the queue's growing, jittered pause. */
  readonly notBefore: Date | null;
  readonly waitsFor: string | null;
  readonly isAttempt: boolean;

  constructor(message: string, options: RetryLaterOptions = {}) {
    super(message, options);
    this.name = 'RetryLaterError';
    this.notBefore = options.notBefore ?? null;
    this.waitsFor = options.waitsFor ?? null;
    this.isAttempt = options.isAttempt ?? true;
  }
}

/** Thrown by a handler: this job can never succeed; set it aside now. */
export class PoisonJobError extends Error {
  readonly code = 'POISON_JOB';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PoisonJobError';
  }
}

export interface SetAsideJob {
  readonly topic: string;
  readonly key: string;
  readonly attempts: number;
  /** Why the last attempt failed. */
  readonly reason: string;
  readonly setAsideAt: Date;
}

export interface Consumer {
  /** Takes no new jobs, waits for the running ones (at most `drainMs`), gives back what is left. */
  close(options: { drainMs: number }): Promise<void>;
}

export interface ConsumeOptions {
  /** Jobs handled at once. */
  readonly concurrency: number;
  /** Attempts that may fail (other than by {@link RetryLaterError}) before a job is set aside. */
  readonly maxAttempts: number;
  /**
   * A job whose handler has not ended by then is given to another consumer, its
   * signal aborted, and the attempt counts as failed, as one whose process died does.
   */
  readonly visibilityTimeoutMs: number;
  /**
   * Told that what jobs of the topic wait for is there, by {@link WorkQueue.hasten} in this process or
   * another. A hint: it may be lost, or come twice. Must not throw.
   */
  readonly onHastened?: (waitsFor: string) => void;
}

/**
 * Work that must be done at least once. Jobs carry keys, never bodies.
 *
 * A topic holds at most one job per key: enqueuing the same again while it is
 * waiting, running or set aside changes nothing. A job is gone when it expires,
 * unhandled or set aside. None waits for longer than an hour at a time: one that is not to be handled
 * before some later time comes in an hour, and one that a clock put off which was ahead comes as soon as
 * a consumer whose clock is right finds it, within a minute. Topics are `[a-z-]`, at most 40 characters, starting with
 * a letter; what is not valid is refused with a `TypeError`. Every method throws
 * `BackingUnavailableError` when the backend cannot answer within its deadline.
 */
export interface WorkQueue extends AsyncDisposable {
  enqueue(
    topic: string,
    key: string,
    options?: { notBefore?: Date; expiresAt?: Date },
  ): Promise<void>;

  /**
   * Calls `handler` for each job until the consumer is closed. The job is gone once
   * the handler resolves; if it throws, the job is tried again after a growing,
   * jittered pause, until it expires or is set aside.
   */
  consume(topic: string, handler: (job: Job) => Promise<void>, options: ConsumeOptions): Consumer;

  /**
   * What jobs wait for is there: makes those of them due that would be due first, and tells all
   * consumers of the topic, also where no job waits. Jobs that are put back meanwhile may be missed.
   *
   * @param most - how many jobs, from 1; the cost grows with it, and not with how many wait
   * @returns how many jobs it made due
   */
  hasten(topic: string, waitsFor: string, most: number): Promise<number>;

  /** Jobs set aside, oldest first. */
  listSetAside(topic?: string): AsyncIterable<SetAsideJob>;

  /** Gives a set-aside job another round of attempts. @returns whether there was one */
  replay(topic: string, key: string): Promise<boolean>;

  /** Forgets a set-aside job. @returns whether there was one */
  discard(topic: string, key: string): Promise<boolean>;

  /** Jobs waiting or running now; for metrics. */
  depth(topic: string): Promise<number>;

  /**
   * Since when the job waits that has been due for longest: null if none is due; for metrics.
   *
   * Jobs count from when they were enqueued or, if they were not to be handled before some later
   * time, from then on. Running jobs and those set aside do not count. A job whose handler was cut
   * off counts from then or from when it was due before, one that expired possibly until a consumer
   * finds it. An adapter that does not look at every job says what it may miss.
   */
  oldestDue(topic: string): Promise<Date | null>;

  /** Resolves if the backend can serve reads and writes now. */
  check(): Promise<void>;
}
