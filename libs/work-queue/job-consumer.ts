import { type Backoff, pauseAfter } from '#bounds/backoff.ts';
import { inTime } from '#bounds/deadline.ts';
import type { Clock } from '#clock/clock.ts';
import type { Log } from '#log/log.ts';
import { LONGEST_PAUSE_MS } from './job-rules.ts';
import { type JobStore, notAttempted, type TakenJob } from './job-store.ts';
import type { ConsumeOptions, Consumer, Job } from './port.ts';
import { RunningJob } from './running-job.ts';

interface JobConsumerParts {
  readonly topic: string;
  readonly handler: (job: Job) => Promise<void>;
  readonly options: ConsumeOptions;
  readonly store: JobStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly backoff: Backoff;
  readonly log: Log;
  /** Awaited before each taking. */
  readonly prepare: () => Promise<void>;
  /** Called once the consumer is closed. */
  readonly onClosed: () => void;
}

/** How often a consumer looks for jobs when nothing tells it to. */
const IDLE_MS = 60_000;
/** Pauses before retrying a store that does not answer. */
const TAKING_BACKOFF: Backoff = { firstMs: 500, maxMs: 4_000 };

/**
 * Takes due jobs of a topic, as many as it can handle at once. Gives back, for later, what it is
 * given again while an attempt at it runs: a store that lost its memory is told of the job anew.
 */
export class JobConsumer implements Consumer {
  readonly #parts: JobConsumerParts;
  readonly #running = new Set<RunningJob>();
  /** What closing waits for: takings, and recording how jobs ended. */
  readonly #unfinished = new Set<Promise<void>>();
  #taking = false;
  #lookAgain = false;
  #failedTakings = 0;
  #timer: { readonly dueMs: number; readonly cancel: () => void } | null = null;
  #closing: Promise<void> | null = null;
  #onIdle: () => void = () => {};

  constructor(parts: JobConsumerParts) {
    this.#parts = parts;
    this.wake(this.#nowMs());
  }

  /** Tells the consumer that a job will be due at `dueMs`. */
  wake(dueMs: number): void {
    if (this.#closing) {
      return;
    }
    if (dueMs <= this.#nowMs()) {
      this.#look();
    } else if (!this.#timer || dueMs < this.#timer.dueMs) {
      this.#timer?.cancel();
      const cancel = this.#parts.clock.schedule(dueMs - this.#nowMs(), () => {
        this.#timer = null;
        this.#look();
      });
      this.#timer = { dueMs, cancel };
    }
  }

  tellHastened(waitsFor: string): void {
    if (!this.#closing) {
      this.#parts.options.onHastened?.(waitsFor);
    }
  }

  close({ drainMs }: { drainMs: number }): Promise<void> {
    this.#closing ??= this.#close(drainMs);
    return this.#closing;
  }

  async #close(drainMs: number): Promise<void> {
    this.#timer?.cancel();
    const idle = new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
    if (!this.#isIdle() && drainMs > 0) {
      await inTime(this.#parts.clock, drainMs, idle, () => {});
    }
    for (const running of this.#running) {
      running.takeBack();
    }
    while (!this.#isIdle()) {
      await Promise.all(this.#unfinished);
    }
    this.#parts.onClosed();
  }

  #look(): void {
    const free = this.#parts.options.concurrency - this.#running.size;
    if (this.#closing || free <= 0) {
      return;
    }
    if (this.#taking) {
      this.#lookAgain = true;
      return;
    }
    this.#taking = true;
    this.#lookAgain = false;
    this.#track(this.#take(free));
  }

  async #take(limit: number): Promise<void> {
    const { topic, store, options, log, random } = this.#parts;
    try {
      await this.#parts.prepare();
      const nowMs = this.#nowMs();
      const dueAgainMs = nowMs + options.visibilityTimeoutMs;
      const latestDueMs = nowMs + Math.max(LONGEST_PAUSE_MS, options.visibilityTimeoutMs);
      const taking = { nowMs, limit, dueAgainMs, latestDueMs };
      const { jobs, nextDueMs } = await store.take(topic, taking);
      this.#taking = false;
      this.#failedTakings = 0;
      if (this.#closing) {
        await this.#giveBack(jobs);
        return;
      }
      for (const job of jobs) {
        this.#start(job, dueAgainMs);
      }
      const nextLookMs = Math.min(nextDueMs ?? Number.POSITIVE_INFINITY, nowMs + IDLE_MS);
      this.wake(this.#lookAgain ? nowMs : nextLookMs);
    } catch (error) {
      this.#taking = false;
      this.#failedTakings += 1;
      log.warn({ error, topic }, 'Cannot take jobs from the queue');
      this.wake(this.#nowMs() + pauseAfter(this.#failedTakings, TAKING_BACKOFF, random));
    }
  }

  async #giveBack(jobs: readonly TakenJob[]): Promise<void> {
    for (const job of jobs) {
      const back = { dueMs: this.#nowMs(), waitsFor: null };
      await this.#parts.store.release(notAttempted(job), back);
    }
  }

  #start(job: TakenJob, dueAgainMs: number): void {
    const running = new RunningJob(job, {
      ...this.#parts,
      maxAttempts: this.#parts.options.maxAttempts,
      endByMs: dueAgainMs,
      isInHand: this.#running.values().some(({ key }) => key === job.key),
      visibilityTimeoutMs: this.#parts.options.visibilityTimeoutMs,
    });
    this.#running.add(running);
    this.#track(
      running.ended.then(async (writeDown) => {
        this.#running.delete(running);
        const written = writeDown();
        // At once, so that the next taking shares a sync with what is recorded.
        this.#look();
        const dueMs = await written;
        if (dueMs !== null) {
          this.wake(dueMs);
        }
      }),
    );
  }

  #track(work: Promise<void>): void {
    this.#unfinished.add(work);
    void work.finally(() => {
      this.#unfinished.delete(work);
      if (this.#isIdle()) {
        this.#onIdle();
      }
    });
  }

  #isIdle(): boolean {
    return this.#unfinished.size === 0;
  }

  #nowMs(): number {
    return this.#parts.clock.now().getTime();
  }
}
