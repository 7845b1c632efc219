import { Queue, Worker } from 'bullmq';
import type { QueueConnections } from './connections.ts';
import type { JobData } from './job-data.ts';

/** Set-aside jobs kept for each topic; the oldest go first. */
const MOST_SET_ASIDE = 10_000;

/** Stalled jobs are looked for so often, in milliseconds. */
const LONGEST_STALLED_INTERVAL_MS = 15_000;

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
