import { Queue, Worker } from 'bullmq';
import type { Clock } from '#clock/clock.ts';
import type { Taking } from '../job-store.ts';
import type { QueueConnections } from './connections.ts';
import { dueMsOf, type JobData } from './job-data.ts';

/** Set-aside jobs kept for each topic; the oldest go first. */
const MOST_SET_ASIDE = 10_000;

/** Stalled jobs are looked for so often, in milliseconds. */
const LONGEST_STALLED_INTERVAL_MS = 15_000;

/** Between looks for jobs that are due too late, and how many of them one look finds. */
const TOO_LATE_INTERVAL_MS = 60_000;
const TOO_LATE_PER_LOOK = 100;

/** BullMQ would set a job aside after so many takings without an end; our own count does that. */
const NEVER = 1_000_000_000;

/** What BullMQ keeps of a topic. */
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
      // Nobody reads the events, which would fill the memory of Redis.
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
   * The worker that takes jobs by hand, created with the first taking.
   *
   * @param lockMs - after so long, a job whose end was not told is given to another
   * @param onStalled - called whenever that happened to a job
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
   * Looks now and then for jobs that are due later than the longest pause ends, and makes them due.
   * Of two processes that find the same job one does so.
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

  /** Runs one taking after the other: one that Redis left unanswered is not joined by more. */
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
  // Whoever calls is told by the failure of the call.
}
