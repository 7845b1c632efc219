import { randomUUID } from 'node:crypto';
import { BackingUnavailableError } from '#backing/errors.ts';
import type { JobStore, NewJob, PutBack, TakenJob, Taking, Waiting } from './job-store.ts';
import type { SetAsideJob } from './port.ts';
import { StoredWorkQueue, type StoredWorkQueueOptions } from './stored-queue.ts';

/** A work queue in memory, for tests and benchmarks. */
export class InMemoryWorkQueue extends StoredWorkQueue {
  /** @param store - another queue's store, to share its jobs */
  constructor(options: StoredWorkQueueOptions = {}, store = new InMemoryJobStore()) {
    super(store, options);
  }
}

interface HeldJob {
  readonly topic: string;
  readonly key: string;
  readonly expiresAtMs: number | null;
  readonly dueMs: number;
  readonly attempts: number;
  readonly failures: number;
  /** Names the taking that has the job in hand; null if none has. */
  readonly token: string | null;
  readonly waitsFor: string | null;
  readonly setAside: { readonly reason: string; readonly atMs: number } | null;
}

/** A job store in memory, for {@link InMemoryWorkQueue}. */
export class InMemoryJobStore implements JobStore {
  readonly #jobs = new Map<string, HeldJob>();
  #closed = false;

  async add({ topic, key, dueMs, expiresAtMs, nowMs }: NewJob): Promise<void> {
    this.#assertOpen();
    const held = this.#jobs.get(idOf(topic, key));
    if (!held || (isExpired(held, nowMs) && held.token === null)) {
      const job = { topic, key, dueMs, expiresAtMs };
      this.#put({ ...job, attempts: 0, failures: 0, token: null, waitsFor: null, setAside: null });
    }
  }

  async makeTakenDue(): Promise<void> {
    this.#assertOpen();
  }

  async take(topic: string, { nowMs, limit, dueAgainMs, latestDueMs }: Taking) {
    this.#assertOpen();
    for (const job of this.#waiting(topic).filter(({ dueMs }) => dueMs > latestDueMs)) {
      this.#put({ ...job, dueMs: job.token === null ? nowMs : dueAgainMs });
    }
    for (const [id, job] of this.#jobs) {
      if (isExpired(job, nowMs) && job.token === null) {
        this.#jobs.delete(id);
      }
    }
    const token = randomUUID();
    const jobs = this.#waiting(topic)
      .filter(({ dueMs }) => dueMs <= nowMs)
      .slice(0, limit)
      .map((job): TakenJob => {
        const failures = job.failures + (job.token === null ? 0 : 1);
        const attempts = job.attempts + 1;
        this.#put({ ...job, dueMs: dueAgainMs, attempts, failures, token, waitsFor: null });
        const { key, expiresAtMs } = job;
        return { topic, key, expiresAtMs, attempts, failures, token };
      });
    return { jobs, nextDueMs: this.#waiting(topic)[0]?.dueMs ?? null };
  }

  /** Only its time makes a job due. */
  isHeld(): boolean {
    return true;
  }

  async remove(job: TakenJob): Promise<void> {
    this.#assertOpen();
    if (this.#isInHand(job)) {
      this.#jobs.delete(idOf(job.topic, job.key));
    }
  }

  async release(job: TakenJob, putBack: PutBack): Promise<void> {
    this.#assertOpen();
    if (this.#isInHand(job)) {
      this.#put({ ...job, ...putBack, token: null, setAside: null });
    }
  }

  async hasten(topic: string, { waitsFor, most, nowMs }: Waiting): Promise<number> {
    this.#assertOpen();
    const jobs = this.#waiting(topic)
      .filter((job) => job.waitsFor === waitsFor && job.token === null && job.dueMs > nowMs)
      .slice(0, most);
    for (const job of jobs) {
      this.#put({ ...job, dueMs: nowMs, waitsFor: null });
    }
    return jobs.length;
  }

  async setAside(job: TakenJob, reason: string, nowMs: number): Promise<void> {
    this.#assertOpen();
    if (this.#isInHand(job)) {
      const setAside = { reason, atMs: nowMs };
      this.#put({ ...job, dueMs: nowMs, token: null, waitsFor: null, setAside });
    }
  }

  async *listSetAside(topic: string | null): AsyncGenerator<SetAsideJob, void, undefined> {
    this.#assertOpen();
    const setAside: SetAsideJob[] = [];
    for (const job of this.#jobs.values()) {
      if (job.setAside && job.topic === (topic ?? job.topic)) {
        const { reason, atMs } = job.setAside;
        const { key, attempts } = job;
        setAside.push({ topic: job.topic, key, attempts, reason, setAsideAt: new Date(atMs) });
      }
    }
    yield* setAside.sort((one, other) => one.setAsideAt.getTime() - other.setAsideAt.getTime());
  }

  async replay(topic: string, key: string, nowMs: number): Promise<boolean> {
    this.#assertOpen();
    const job = this.#jobs.get(idOf(topic, key));
    if (!job?.setAside) {
      return false;
    }
    this.#put({ ...job, dueMs: nowMs, attempts: 0, failures: 0, setAside: null });
    return true;
  }

  async discard(topic: string, key: string): Promise<boolean> {
    this.#assertOpen();
    const id = idOf(topic, key);
    return this.#jobs.get(id)?.setAside ? this.#jobs.delete(id) : false;
  }

  async depth(topic: string, nowMs: number): Promise<number> {
    this.#assertOpen();
    return this.#waiting(topic).filter((job) => !isExpired(job, nowMs)).length;
  }

  async oldestDueMs(topic: string, nowMs: number): Promise<number | null> {
    this.#assertOpen();
    const oldest = this.#waiting(topic).find((job) => !isExpired(job, nowMs));
    return oldest && oldest.dueMs <= nowMs ? oldest.dueMs : null;
  }

  async check(): Promise<void> {
    this.#assertOpen();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
  }

  /** Jobs not set aside, whether taken or not, the next due first. */
  #waiting(topic: string): HeldJob[] {
    return [...this.#jobs.values()]
      .filter((job) => job.topic === topic && !job.setAside)
      .sort((one, other) => one.dueMs - other.dueMs);
  }

  /** Puts the job last, as the latest to be set aside or become due. */
  #put(job: HeldJob): void {
    this.#jobs.delete(idOf(job.topic, job.key));
    this.#jobs.set(idOf(job.topic, job.key), job);
  }

  #isInHand({ topic, key, token }: TakenJob): boolean {
    return this.#jobs.get(idOf(topic, key))?.token === token;
  }

  #assertOpen(): void {
    if (this.#closed) {
      throw new BackingUnavailableError('work-queue', 'closed');
    }
  }
}

function idOf(topic: string, key: string): string {
  return `${topic} ${key}`;
}

function isExpired({ expiresAtMs }: HeldJob, nowMs: number): boolean {
  return expiresAtMs !== null && expiresAtMs <= nowMs;
}
