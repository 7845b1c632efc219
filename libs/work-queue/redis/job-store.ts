import { randomUUID } from 'node:crypto';
import { asUnavailable, callInTime } from '#backing/calls.ts';
import { BackingUnavailableError } from '#backing/errors.ts';
import { type Clock, systemClock } from '#clock/clock.ts';
import {
  type JobStore,
  type NewJob,
  notAttempted,
  type PutBack,
  type TakenJob,
  type Taking,
  type Waiting,
} from '../job-store.ts';
import type { SetAsideJob } from '../port.ts';
import { QueueConnections } from './connections.ts';
import { HeldLocks } from './held-locks.ts';
import {
  countsOf,
  dataOf,
  dueMsOf,
  dueOrExpired,
  ignoreLostLock,
  type JobData,
  jobIdOf,
  type StoredJob,
} from './job-data.ts';
import { GRACE_MS, LOCK_MS, type RedisQueueOptions } from './options.ts';
import { listInOrder } from './set-aside.ts';
import { TopicQueue } from './topic-queue.ts';
import { WaitingJobs } from './waiting-jobs.ts';

const CHECK = "return redis.call('SET', KEYS[1], '', 'PX', ARGV[1])";
const CHECK_KEPT_MS = 60_000;

/** Notices from other processes. */
interface RedisQueueEvents {
  /** A job of the topic will be due at that time. */
  onDue(topic: string, dueMs: number): void;
  /** What jobs of the topic wait for is there. */
  onHastened(topic: string, waitsFor: string): void;
}

/**
 * Keeps jobs in Redis through BullMQ, which tracks waiting, delayed, taken and set-aside jobs. The
 * queue itself counts attempts and decides on pauses and expiry.
 *
 * A job due after its expiry is made due at its expiry instead, so that it is removed then.
 */
export class RedisJobStore implements JobStore {
  readonly #connections: QueueConnections;
  readonly #clock: Clock;
  readonly #prefix: string;
  readonly #deadlineMs: number;
  readonly #graceMs: number;
  readonly #lockMs: number;
  readonly #topics = new Map<string, TopicQueue>();
  readonly #locks: HeldLocks;
  readonly #waiting: WaitingJobs;
  readonly #events: RedisQueueEvents;
  #closed = false;

  constructor(options: RedisQueueOptions, events: RedisQueueEvents) {
    this.#connections = new QueueConnections(options);
    this.#clock = options.clock ?? systemClock;
    // The braces keep all keys in one slot of a cluster, as BullMQ's scripts require.
    this.#prefix = `{${options.prefix}}`;
    this.#deadlineMs = options.deadlineMs;
    this.#graceMs = options.graceMs ?? GRACE_MS;
    this.#lockMs = options.lockMs ?? LOCK_MS;
    this.#locks = new HeldLocks(this.#lockMs);
    this.#waiting = new WaitingJobs(this.#connections.commands, this.#prefix);
    this.#events = events;
  }

  async add({ topic, key, dueMs, expiresAtMs, nowMs }: NewJob): Promise<void> {
    const due = dueOrExpired(dueMs, expiresAtMs);
    const data: JobData = { key, expiresAtMs, dueMs: due, attempts: 0, failures: 0, started: 0 };
    const delay = Math.max(0, due - nowMs);
    const jobId = jobIdOf(key);
    await this.#call(async () => {
      const { queue } = this.#topic(topic);
      const timestamp = nowMs;
      await queue.add(topic, data, { jobId, delay, timestamp });
      const stored = await queue.getJob(jobId);
      const storedExpiry = stored?.data.expiresAtMs ?? null;
      if (
        stored &&
        storedExpiry !== null &&
        storedExpiry <= nowMs &&
        storedExpiry !== expiresAtMs
      ) {
        // A job in hand cannot be removed; its holder finds that it expired.
        await stored.remove().catch(() => {});
        await queue.add(topic, data, { jobId, delay, timestamp });
      }
      await this.#notify(topic, delay);
    });
  }

  /** Does nothing: other processes may have jobs in hand, and those of dead ones come back. */
  async makeTakenDue(): Promise<void> {}

  async take(topic: string, taking: Taking) {
    this.#listen();
    const topicQueue = this.#topic(topic);
    return this.#call((signal) =>
      topicQueue.inTurn(async () => {
        await topicQueue.makeDueInTime(taking, this.#clock);
        const jobs: TakenJob[] = [];
        try {
          await this.#takeJobs(jobs, topic, taking, signal);
          const [next] = jobs.length < taking.limit ? await topicQueue.queue.getDelayed(0, 0) : [];
          signal.throwIfAborted();
          return { jobs, nextDueMs: next ? dueMsOf(next) : null };
        } catch (error) {
          // Nobody gets these jobs, and nobody else would until their locks end.
          await this.#giveBack(jobs);
          throw error;
        }
      }),
    );
  }

  isHeld(job: TakenJob): boolean {
    return this.#locks.isHeld(job.token);
  }

  async remove(job: TakenJob): Promise<void> {
    await this.#end(job, (stored) => stored.moveToCompleted(null, job.token, false));
  }

  async release(job: TakenJob, { dueMs, waitsFor }: PutBack): Promise<void> {
    const due = dueOrExpired(dueMs, job.expiresAtMs);
    const nowMs = this.#clock.now().getTime();
    const delayMs = Math.max(0, due - nowMs);
    await this.#end(job, async (stored) => {
      // A job due now counts from when it was due before, as it returns to the head of the line.
      const later = delayMs > 0 && { dueMs: due, ...(waitsFor !== null && { waitsFor }) };
      await stored.updateData({ ...dataOf(job, stored), ...later });
      // A job due now gets a place in line and no time: whoever is next may have another clock.
      await (delayMs > 0 ? stored.moveToDelayed(due, job.token) : stored.moveToWait(job.token));
      if (delayMs > 0 && waitsFor !== null) {
        await this.#waiting.add(job.topic, { id: jobIdOf(job.key), waitsFor, dueMs: due }, nowMs);
      }
      await this.#notify(job.topic, delayMs);
    });
  }

  /** Tells other processes first, so that they put back fewer of the jobs that are made due. */
  async hasten(topic: string, waiting: Waiting): Promise<number> {
    return this.#call(async () => {
      await this.#notify(topic, 0, waiting.waitsFor);
      const hastened = await this.#waiting.hasten(this.#topic(topic), waiting);
      await (hastened > 0 ? this.#notify(topic, 0) : undefined);
      return hastened;
    });
  }

  async setAside(job: TakenJob, reason: string, _nowMs: number): Promise<void> {
    await this.#end(job, async (stored) => {
      await this.#connections.commands.sadd(this.#topicsKey, job.topic);
      await stored.updateData({ ...dataOf(job, stored), reason });
      await stored.moveToFailed(new Error(reason), job.token, false);
    });
  }

  async *listSetAside(topic: string | null): AsyncGenerator<SetAsideJob> {
    this.#assertOpen();
    const topics = topic
      ? [topic]
      : await this.#call(() => this.#connections.commands.smembers(this.#topicsKey));
    const readers = topics.map((name) => ({
      topic: name,
      read: (start: number, end: number) =>
        this.#call(() => this.#topic(name).queue.getJobs(['failed'], start, end, true)),
    }));
    yield* listInOrder(readers);
  }

  replay(topic: string, key: string, nowMs: number): Promise<boolean> {
    return this.#withSetAside(topic, key, async (job) => {
      await job.updateData({ ...job.data, dueMs: nowMs, attempts: 0, failures: 0, started: 0 });
      await job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true });
    });
  }

  discard(topic: string, key: string): Promise<boolean> {
    return this.#withSetAside(topic, key, (job) => job.remove());
  }

  async depth(topic: string, _nowMs: number): Promise<number> {
    return this.#call(() =>
      this.#topic(topic).queue.getJobCountByTypes('waiting', 'active', 'delayed', 'prioritized'),
    );
  }

  /** As {@link TopicQueue.oldestDueMs} finds it: cheap, but approximate. */
  async oldestDueMs(topic: string, nowMs: number): Promise<number | null> {
    return this.#call(() => this.#topic(topic).oldestDueMs(nowMs));
  }

  /**
   * Runs a script that writes, as queue calls do: a replica or a full server still answers pings.
   */
  async check(): Promise<void> {
    const { commands } = this.#connections;
    await this.#call(() => commands.eval(CHECK, 1, `${this.#prefix}:check`, CHECK_KEPT_MS));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#locks[Symbol.dispose]();
      const topics = [...this.#topics.values()];
      const closing = Promise.all(topics.map((topic) => topic.close()));
      // BullMQ waits for Redis to close; what it leaves is closed with the connections.
      await callInTime(this.#deadline, () => closing).catch(() => {});
      this.#connections.close();
    }
  }

  /** In real time: the queue's clock may differ. */
  get #deadline() {
    return { clock: systemClock, backing: 'work-queue', deadlineMs: this.#deadlineMs } as const;
  }

  get #channel(): string {
    return `${this.#prefix}:due`;
  }

  get #topicsKey(): string {
    return `${this.#prefix}:topics-set-aside`;
  }

  #topic(name: string): TopicQueue {
    return this.#topics.getOrInsertComputed(
      name,
      () => new TopicQueue(name, this.#prefix, this.#connections),
    );
  }

  #listen(): void {
    this.#assertOpen();
    const onNotice = (notice: string) => {
      // Relative to now, as the enqueuing process may have another clock.
      const [delayMs, topic = '', waitsFor] = notice.split(' ');
      if (waitsFor !== undefined) {
        this.#events.onHastened(topic, Buffer.from(waitsFor, 'base64url').toString());
        return;
      }
      this.#events.onDue(topic, this.#clock.now().getTime() + Number(delayMs));
    };
    const onListening = () => {
      // Earlier notices were missed.
      for (const topic of this.#topics.keys()) {
        this.#events.onDue(topic, this.#clock.now().getTime());
      }
    };
    this.#connections.listen(this.#channel, { onNotice, onListening });
  }

  /**
   * Tells all processes that a job will be due in `delayMs`, or that what jobs wait for is there.
   */
  async #notify(topic: string, delayMs: number, waitsFor?: string): Promise<void> {
    const what = waitsFor === undefined ? '' : ` ${Buffer.from(waitsFor).toString('base64url')}`;
    await this.#connections.commands.publish(this.#channel, `${delayMs} ${topic}${what}`);
  }

  /** Adds what it takes to `jobs`, also if it then fails. */
  async #takeJobs(
    jobs: TakenJob[],
    topic: string,
    { nowMs, limit, dueAgainMs }: Taking,
    signal: AbortSignal,
  ): Promise<void> {
    const forMs = dueAgainMs - nowMs + this.#graceMs;
    const onStalled = () => this.#events.onDue(topic, this.#clock.now().getTime());
    const worker = this.#topic(topic).worker(Math.min(forMs, this.#lockMs), onStalled);
    while (jobs.length < limit && !signal.aborted) {
      const token = randomUUID();
      const job: StoredJob | undefined = await worker.getNextJob(token, { block: false });
      if (!job) {
        break;
      }
      this.#locks.hold(token, job, { worker, forMs });
      const { key, expiresAtMs } = job.data;
      jobs.push({ topic, key, expiresAtMs, ...countsOf(job), token });
    }
  }

  /** Puts jobs back as if they had not been taken. */
  async #giveBack(jobs: readonly TakenJob[]): Promise<void> {
    const nowMs = this.#clock.now().getTime();
    for (const job of jobs) {
      const back = { dueMs: nowMs, waitsFor: null };
      await this.release(notAttempted(job), back).catch(() => {
        // Their locks end soon.
      });
      this.#events.onDue(job.topic, nowMs);
    }
  }

  /** Ends a taking; does nothing if it ran out meanwhile. */
  async #end(taken: TakenJob, act: (stored: StoredJob) => Promise<unknown>): Promise<void> {
    const stored = this.#locks.letGo(taken.token);
    if (stored) {
      await this.#call(() => act(stored).catch(ignoreLostLock));
    }
  }

  async #withSetAside(
    topic: string,
    key: string,
    act: (job: StoredJob) => Promise<void>,
  ): Promise<boolean> {
    return this.#call(async () => {
      const job = await this.#topic(topic).queue.getJob(jobIdOf(key));
      if (!job || !(await job.isFailed())) {
        return false;
      }
      await act(job);
      return true;
    });
  }

  #assertOpen(): void {
    if (this.#closed) {
      throw new BackingUnavailableError('work-queue', 'closed');
    }
  }

  async #call<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.#assertOpen();
    try {
      return await callInTime(this.#deadline, call);
    } catch (cause) {
      this.#connections.heed(cause);
      throw asUnavailable('work-queue', cause);
    }
  }
}
