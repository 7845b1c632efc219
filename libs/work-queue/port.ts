/** A job as its handler sees it. */
export interface Job {
  /** What the job is about, such as an object's key; 1 to 1 024 characters. */
  readonly key: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** When the work stops being worth doing; null for never. */
  readonly expiresAt: Date | null;
  /** Aborted when the queue takes the job back: on closing, or past the visibility timeout. */
  readonly signal: AbortSignal;
  /**
   * Whether nobody else can have been given the job meanwhile. Ask before doing what must not
   * happen twice. False past the visibility timeout, and once the queue has not heard from this
   * process for so long that it may count it as dead.
   */
  readonly isHeld: () => boolean;
}

interface RetryLaterOptions extends ErrorOptions {
  /** Earliest time of the next attempt; by default the queue's growing, jittered pause. */
  readonly notBefore?: Date;
  /**
   * What the job waits for until then, such as a host: {@link WorkQueue.hasten} can make it due
   * earlier.
   */
  readonly waitsFor?: string | undefined;
  /** False if nothing was tried: {@link Job.attempt} then stays the same. @default true */
  readonly isAttempt?: boolean;
}

/** Thrown by a handler: retry later. Does not count towards setting the job aside. */
export class RetryLaterError extends Error {
  readonly code = 'RETRY_LATER';
  /**
   * Earliest time of the next attempt, within an hour; by default the queue's growing, jittered
   * pause.
   */
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

/** Thrown by a handler: this job can never succeed, so set it aside now. */
export class PoisonJobError extends Error {
  readonly code = 'POISON_JOB';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PoisonJobError';
  }
}

/** A job that failed for good and waits for an operator. */
export interface SetAsideJob {
  readonly topic: string;
  readonly key: string;
  readonly attempts: number;
  /** Error of the last attempt. */
  readonly reason: string;
  readonly setAsideAt: Date;
}

/** What handles a topic's jobs until closed. */
export interface Consumer {
  /** Takes no new jobs, waits up to `drainMs` for the running ones, and gives back the rest. */
  close(options: { drainMs: number }): Promise<void>;
}

/** How to consume a topic. */
export interface ConsumeOptions {
  /** Jobs handled at once. */
  readonly concurrency: number;
  /** Failed attempts, not counting {@link RetryLaterError}, before a job is set aside. */
  readonly maxAttempts: number;
  /**
   * When a handler has taken this long, its job goes to another consumer, its signal is aborted,
   * and the attempt counts as failed, like that of a process that died.
   */
  readonly visibilityTimeoutMs: number;
  /**
   * Called when {@link WorkQueue.hasten} announces what jobs of the topic wait for, in any process.
   * A hint: it may be lost, or come twice. Must not throw.
   */
  readonly onHastened?: (waitsFor: string) => void;
}

/**
 * Work to be done at least once. Jobs carry keys, never bodies.
 *
 * A topic holds at most one job per key: enqueuing the key again while it waits, runs or is set
 * aside changes nothing. A job disappears when it expires, even if set aside. No job waits longer
 * than an hour at a time: one put off further is given out in an hour, and one put off by a clock
 * that was ahead, within a minute of a consumer with the right time. Topics are `[a-z-]`, at most
 * 40 characters, starting with a letter; invalid arguments throw a `TypeError`. Every method throws
 * `BackingUnavailableError` if the backing service does not answer within its deadline.
 */
export interface WorkQueue extends AsyncDisposable {
  enqueue(
    topic: string,
    key: string,
    options?: { notBefore?: Date; expiresAt?: Date },
  ): Promise<void>;

  /**
   * Calls `handler` for each job until the consumer is closed. When the handler resolves, the job
   * is removed; when it throws, the job is retried after a growing, jittered pause, until it
   * expires or is set aside.
   */
  consume(topic: string, handler: (job: Job) => Promise<void>, options: ConsumeOptions): Consumer;

  /**
   * Announces that what jobs wait for is there: makes those due that would be due first, and tells
   * all consumers of the topic, even if no job waits. May miss jobs that are put back meanwhile.
   *
   * @param most - how many jobs, from 1; the cost grows with it, not with the number of waiting
   * jobs
   * @returns how many jobs it made due
   */
  hasten(topic: string, waitsFor: string, most: number): Promise<number>;

  /** Yields set-aside jobs, oldest first. */
  listSetAside(topic?: string): AsyncIterable<SetAsideJob>;

  /**
   * Gives a set-aside job another round of attempts.
   *
   * @returns whether there was one
   */
  replay(topic: string, key: string): Promise<boolean>;

  /**
   * Removes a set-aside job.
   *
   * @returns whether there was one
   */
  discard(topic: string, key: string): Promise<boolean>;

  /** Counts jobs that wait or run; for metrics. */
  depth(topic: string): Promise<number>;

  /**
   * Since when the longest-due waiting job has been due; null if none is due. For metrics.
   *
   * A job counts from when it was enqueued or, if put off, from when it became due. Running and
   * set-aside jobs do not count. A job whose handler was cut off counts from then or from when it
   * was due before; an expired one may count until a consumer finds it. An adapter that does not
   * look at every job documents what it may miss.
   */
  oldestDue(topic: string): Promise<Date | null>;

  /** Resolves if the backing service can serve reads and writes now. */
  check(): Promise<void>;
}
