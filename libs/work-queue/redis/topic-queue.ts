import { Queue, Worker } from 'bullmq';
import type { Clock } from '#clock/clock.ts';
import type { Taking } from '../job-store.ts';
import type { QueueConnections } from './connections.ts';
import { dueMsOf, type JobData } from './job-data.ts';

/** Set-aside jobs kept per topic; the oldest go first. */
const MOST_SET_ASIDE = 10_000;

/** The longest interval between looks for stalled jobs, in milliseconds. */
const LONGEST_STALLED_INTERVAL_MS = 15_000;

/** Interval between looks for jobs due too late, and how many one look finds. */
const TOO_LATE_INTERVAL_MS = 60_000;
const TOO_LATE_PER_LOOK = 100;

/**
 * Stops BullMQ from setting jobs aside after so many takings without an end; our own count does
 * that.
 */
const NEVER = 1_000_000_000;

/** A topic in BullMQ. */
export class TopicQueue {
  readonly queue: Queue<JobData>;
  readonly name: string;
  readonly #prefix: string;
  readonly #connections: QueueConnections;
  #worker: Worker<JobData> | undefined;
  #taking: Promise<unknown> = Promise.resolve();
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  constructor(name: string, prefix: string, connections: QueueConnections) {
    this.name = name;
    this.#prefix = prefix;
    this.#connections = connections;
    this.queue = new Queue<JobData>(name, {
      connection: connections.commands,
      prefix,
      skipVersionCheck: true,
      // Nobody reads the events, which would fill Redis's memory.
      streams: { events: { maxLen: 1 } },
      defaultJobOptions: {
        removeOnComplete: true,
        removeOnFail: { count: MOST_SET_ASIDE },
        stackTraceLimit: 0,
      },
    });
    this.queue.on('error', ignore);
  }

  /**
   * The worker through which jobs are taken, created at the first taking.
   *
   * @param lockMs - how long until a job whose end was not reported goes to another
   * @param onStalled - called whenever that happened
   */
  worker(lockMs: number, onStalled: () => void): Worker<JobData> {
    if (!this.#worker) {
      this.#worker = new Worker<JobData>(this.name, null, {
        connection: this.#connections.workers,
        prefix: this.#prefix,
        autorun: false,
        skipVersionCheck: true,
        lockDuration: lockMs,
        stalledInterval: Math.max(100, Math.min(lockMs / 2, LONGEST_STALLED_INTERVAL_MS)),
        maxStalledCount: NEVER,
      });
      this.#worker.on('error', ignore).on('stalled', onStalled);
      this.#worker.startStalledCheckTimer().catch(ignore);
    }
    return this.#worker;
  }

  /**
   * Looks from time to time for jobs due later than the longest pause, and makes them due. If two
   * processes find the same job, only one does so.
   */
  async makeDueInTime({ nowMs, latestDueMs }: Taking, clock: Clock): Promise<void> {
    if (clock.elapsedMs() - this.#lookedAtMs < TOO_LATE_INTERVAL_MS) {
      return;
    }
    const latestFirst = await this.queue.getJobs(['delayed'], 0, TOO_LATE_PER_LOOK - 1, false);
    const tooLate = latestFirst.filter((job) => dueMsOf(job) > latestDueMs);
    for (const job of tooLate) {
      await job.updateData({ ...job.data, dueMs: nowMs });
      await job.promote().catch(ignore);
    }
    if (tooLate.length < TOO_LATE_PER_LOOK) {
      this.#lookedAtMs = clock.elapsedMs();
    }
  }

  /**
   * When the job fell due that has been due longest; null if none is. Looks only at the head of the
   * line and at the delayed job that is due first.
   *
   * Approximate: jobs enter the line when someone looks for them, not when they are due, so one
   * further back can have been due for longer, by as long as nobody looked. The enqueuing process may
   * have had another clock; a job in line is due since now at the latest. An expired job counts until
   * it is found.
   */
  async oldestDueMs(nowMs: number): Promise<number | null> {
    const [[inLine], [delayed]] = await Promise.all([
      this.queue.getWaiting(0, 0),
      this.queue.getDelayed(0, 0),
    ]);
    const delayedMs = delayed ? dueMsOf(delayed) : Number.POSITIVE_INFINITY;
    const oldestMs = inLine ? Math.min(dueMsOf(inLine), delayedMs, nowMs) : delayedMs;
    return oldestMs <= nowMs ? oldestMs : null;
  }

  /**
   * Runs takings one after the other, so that none pile up behind one that Redis leaves unanswered.
   */
  inTurn<Result>(take: () => Promise<Result>): Promise<Result> {
    const taking = this.#taking.then(take);
    this.#taking = taking.catch(ignore);
    return taking;
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#worker?.close(true), this.queue.close()]);
  }
}

function ignore(): void {
  // The call fails and tells its caller.
}
