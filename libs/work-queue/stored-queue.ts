import { BackingUnavailableError } from '#backing/errors.ts';
import type { Backoff } from '#bounds/backoff.ts';
import { type Clock, systemClock } from '#clock/clock.ts';
import { type Log, silentLog } from '#log/log.ts';
import { JobConsumer } from './job-consumer.ts';
import {
  assertDates,
  assertJob,
  assertTopic,
  DEFAULT_BACKOFF,
  LONGEST_PAUSE_MS,
} from './job-rules.ts';
import type { JobStore } from './job-store.ts';
import type { ConsumeOptions, Consumer, Job, SetAsideJob, WorkQueue } from './port.ts';

/** Settings of a queue, all optional. */
export interface StoredWorkQueueOptions {
  readonly clock?: Clock;
  /** From 0 to 1, for the jitter of pauses. */
  readonly random?: () => number;
  /** Pauses between a job's attempts. @default {@link DEFAULT_BACKOFF} */
  readonly backoff?: Backoff;
  /** Hears of jobs set aside, and of store failures that no caller waits for. */
  readonly log?: Log;
}

/**
 * A queue over a job store, for one process. Its consumers wake when a job is enqueued here, and
 * when the next job is due.
 *
 * Jobs that a dead process had in hand are due as soon as their topic is consumed again, with one
 * more failed attempt: a job that kills its process every time is set aside in the end.
 */
export class StoredWorkQueue implements WorkQueue {
  readonly #store: JobStore;
  readonly #options: Required<StoredWorkQueueOptions>;
  readonly #consumers = new Map<string, Set<JobConsumer>>();
  readonly #madeDue = new Map<string, Promise<void>>();
  #closed = false;

  constructor(store: JobStore, options: StoredWorkQueueOptions = {}) {
    this.#store = store;
    this.#options = {
      clock: systemClock,
      random: Math.random,
      backoff: DEFAULT_BACKOFF,
      log: silentLog,
      ...options,
    };
  }

  async enqueue(
    topic: string,
    key: string,
    options: { notBefore?: Date; expiresAt?: Date } = {},
  ): Promise<void> {
    assertJob(topic, key);
    assertDates([options.notBefore, options.expiresAt]);
    const nowMs = this.#nowMs();
    const askedMs = Math.max(options.notBefore?.getTime() ?? nowMs, nowMs);
    const dueMs = Math.min(askedMs, nowMs + LONGEST_PAUSE_MS);
    const expiresAtMs = options.expiresAt?.getTime() ?? null;
    await this.#store.add({ topic, key, dueMs, expiresAtMs, nowMs });
    this.wake(topic, dueMs);
  }

  consume(topic: string, handler: (job: Job) => Promise<void>, options: ConsumeOptions): Consumer {
    assertTopic(topic);
    if (this.#closed) {
      throw new BackingUnavailableError('work-queue', 'closed');
    }
    const consumers = this.#consumers.getOrInsertComputed(topic, () => new Set());
    const consumer: JobConsumer = new JobConsumer({
      ...this.#options,
      topic,
      handler,
      options,
      store: this.#store,
      prepare: () => this.#makeTakenDue(topic),
      onClosed: () => consumers.delete(consumer),
    });
    consumers.add(consumer);
    return consumer;
  }

  async hasten(topic: string, waitsFor: string, most: number): Promise<number> {
    assertJob(topic, waitsFor);
    this.tellHastened(topic, waitsFor);
    const nowMs = this.#nowMs();
    const hastened = await this.#store.hasten(topic, { waitsFor, most, nowMs });
    if (hastened > 0) {
      this.wake(topic, nowMs);
    }
    return hastened;
  }

  async *listSetAside(topic?: string): AsyncGenerator<SetAsideJob, void, undefined> {
    if (topic !== undefined) {
      assertTopic(topic);
    }
    yield* this.#store.listSetAside(topic ?? null);
  }

  async replay(topic: string, key: string): Promise<boolean> {
    assertJob(topic, key);
    const nowMs = this.#nowMs();
    const replayed = await this.#store.replay(topic, key, nowMs);
    this.wake(topic, nowMs);
    return replayed;
  }

  async discard(topic: string, key: string): Promise<boolean> {
    assertJob(topic, key);
    return this.#store.discard(topic, key);
  }

  async depth(topic: string): Promise<number> {
    assertTopic(topic);
    return this.#store.depth(topic, this.#nowMs());
  }

  async oldestDue(topic: string): Promise<Date | null> {
    assertTopic(topic);
    const dueMs = await this.#store.oldestDueMs(topic, this.#nowMs());
    return dueMs === null ? null : new Date(dueMs);
  }

  async check(): Promise<void> {
    await this.#store.check();
  }

  /** Takes back the jobs of consumers still open, without waiting for them. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    const consumers = [...this.#consumers.values()].flatMap((some) => [...some]);
    await Promise.all(consumers.map((consumer) => consumer.close({ drainMs: 0 })));
    await this.#store[Symbol.asyncDispose]();
  }

  /** Before a topic's first taking, any job in hand belongs to a dead process. */
  #makeTakenDue(topic: string): Promise<void> {
    return this.#madeDue.getOrInsertComputed(topic, async () => {
      try {
        await this.#store.makeTakenDue(topic, this.#nowMs());
      } catch (error) {
        this.#madeDue.delete(topic);
        throw error;
      }
    });
  }

  /** Tells this process's consumers that a job stored by another process will be due. */
  wake(topic: string, dueMs: number): void {
    for (const consumer of this.#consumers.get(topic) ?? []) {
      consumer.wake(dueMs);
    }
  }

  /**
   * Tells this process's consumers that what jobs wait for is there, as another process announced.
   */
  tellHastened(topic: string, waitsFor: string): void {
    for (const consumer of this.#consumers.get(topic) ?? []) {
      consumer.tellHastened(waitsFor);
    }
  }

  #nowMs(): number {
    return this.#options.clock.now().getTime();
  }
}
