import { type Backoff, pauseAfter } from '#bounds/backoff.ts';
import { withDeadline } from '#bounds/deadline.ts';
import type { Clock } from '#clock/clock.ts';
import type { Log } from '#log/log.ts';
import { logStep } from '#log/steps.ts';
import { traceOf } from '#log/trace.ts';
import { LONGEST_PAUSE_MS } from './job-rules.ts';
import { type JobStore, notAttempted, type TakenJob } from './job-store.ts';
import { type Job, PoisonJobError, RetryLaterError } from './port.ts';

interface RunningJobParts {
  readonly handler: (job: Job) => Promise<void>;
  readonly store: JobStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly backoff: Backoff;
  readonly log: Log;
  readonly maxAttempts: number;
  /** When the store gives the job to another. */
  readonly endByMs: number;
  readonly visibilityTimeoutMs: number;
  /** Whether an earlier attempt at the same job runs still. */
  readonly isInHand: boolean;
}

/**
 * Records how the attempt ended.
 *
 * @returns when the job is due again, or null for never
 */
type WriteDown = () => Promise<number | null>;

const MAX_REASON_LENGTH = 1_000;

/**
 * One attempt at a job, from its taking to its end. What the handler does after the end is ignored.
 */
export class RunningJob {
  /** Never rejects. */
  readonly ended: Promise<WriteDown>;
  readonly #job: TakenJob;
  readonly #parts: RunningJobParts;
  readonly #takenBack = new AbortController();
  readonly #end: (writeDown: () => Promise<number | null>) => void;

  constructor(job: TakenJob, parts: RunningJobParts) {
    this.#job = job;
    this.#parts = parts;
    const { promise, resolve } = Promise.withResolvers<WriteDown>();
    this.ended = promise;
    this.#end = (writeDown) => resolve(() => this.#carefully(writeDown));
    if (job.expiresAtMs !== null && job.expiresAtMs <= this.#nowMs()) {
      this.#end(() => this.#remove());
    } else if (parts.isInHand) {
      this.#end(() => this.#giveBack(this.#afterPause()));
    } else if (job.failures >= parts.maxAttempts) {
      this.#end(() => this.#setAside('its consumer died, or did not end in time', job.failures));
    } else {
      void this.#run();
    }
  }

  get key(): string {
    return this.#job.key;
  }

  /** Ends the attempt without counting it. */
  takeBack(): void {
    this.#takenBack.abort(new Error('the queue is closing'));
    this.#end(() => this.#giveBack(this.#nowMs()));
  }

  async #run(): Promise<void> {
    const { clock, endByMs, visibilityTimeoutMs, handler, store } = this.#parts;
    const { key, attempts, expiresAtMs } = this.#job;
    const deadline = {
      clock,
      timeoutMs: endByMs - this.#nowMs(),
      tooLate: () => new Error(`the job took longer than ${visibilityTimeoutMs} ms`),
      signal: this.#takenBack.signal,
    };
    try {
      await withDeadline(deadline, (signal) =>
        handler({
          key,
          attempt: attempts,
          expiresAt: expiresAtMs === null ? null : new Date(expiresAtMs),
          signal,
          isHeld: () => !signal.aborted && store.isHeld(this.#job),
        }),
      );
      this.#end(() => this.#remove());
    } catch (error) {
      this.#end(() => this.#fail(error));
    }
  }

  async #fail(error: unknown): Promise<number | null> {
    if (error instanceof RetryLaterError) {
      const job = error.isAttempt ? this.#job : notAttempted(this.#job);
      const latestMs = this.#nowMs() + LONGEST_PAUSE_MS;
      const dueMs = error.notBefore?.getTime() ?? this.#afterPause();
      return this.#release(job, Math.min(dueMs, latestMs), error.waitsFor);
    }
    const failures = this.#job.failures + 1;
    if (error instanceof PoisonJobError || failures >= this.#parts.maxAttempts) {
      return this.#setAside(reasonOf(error), failures);
    }
    return this.#release({ ...this.#job, failures }, this.#afterPause());
  }

  /** Puts the job back as if it had not been taken. */
  #giveBack(dueMs: number): Promise<number> {
    return this.#release(notAttempted(this.#job), dueMs);
  }

  async #remove(): Promise<null> {
    await this.#parts.store.remove(this.#job);
    return null;
  }

  async #release(job: TakenJob, dueMs: number, waitsFor: string | null = null): Promise<number> {
    await this.#parts.store.release(job, { dueMs, waitsFor });
    return dueMs;
  }

  async #setAside(reason: string, failures: number): Promise<null> {
    await this.#parts.store.setAside({ ...this.#job, failures }, reason, this.#nowMs());
    const { topic, key, attempts } = this.#job;
    logStep(this.#parts.log, 'set-aside', key, { topic, detail: reason, attempt: attempts });
    return null;
  }

  /** If the end of a job cannot be recorded, the job comes back when its taking runs out. */
  async #carefully(writeDown: () => Promise<number | null>): Promise<number | null> {
    try {
      return await writeDown();
    } catch (error) {
      const { topic, key } = this.#job;
      const fields = { error, topic, trace: traceOf(key) };
      this.#parts.log.warn(fields, 'Could not record how a job ended');
      return this.#parts.endByMs;
    }
  }

  #afterPause(): number {
    const { random, backoff } = this.#parts;
    return this.#nowMs() + pauseAfter(this.#job.attempts, backoff, random);
  }

  #nowMs(): number {
    return this.#parts.clock.now().getTime();
  }
}

function reasonOf(error: unknown): string {
  const reason = error instanceof Error ? error.message || error.name : String(error);
  return reason.slice(0, MAX_REASON_LENGTH);
}
