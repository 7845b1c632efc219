import type { ConsumeOptions, Job, SetAsideJob, WorkQueue } from '../port.ts';

/** A queue for one test; disposing of it closes the queue and removes what it held. */
export interface OpenedWorkQueue extends AsyncDisposable {
  /** Its pauses between attempts are at most 20 ms. */
  readonly queue: WorkQueue;
  /** Another queue over the same jobs, for a process whose clock is so far ahead; to be disposed of before this one. */
  ahead(ms: number): Promise<WorkQueue>;
  /** The time by which the queue goes. */
  now(): Date;
  /** Lets so many milliseconds pass for the queue, and lets it work. */
  elapse(ms: number): Promise<void>;
}

export type OpenWorkQueue = () => Promise<OpenedWorkQueue>;

export const TOPIC = 'test-topic';

/** Long enough that no handler of a test ever meets its end, unless it never ends. */
export const OPTIONS: ConsumeOptions = {
  concurrency: 4,
  maxAttempts: 3,
  visibilityTimeoutMs: 60_000,
};

/** What a handler was given, and when. */
interface Handled extends Pick<Job, 'key' | 'attempt' | 'expiresAt' | 'signal'> {
  readonly at: Date;
}

/** A handler that notes each job before it does what `work` says. */
export class Recorder {
  readonly handled: Handled[] = [];
  readonly #opened: OpenedWorkQueue;
  readonly #work: (job: Job) => Promise<void> | void;

  constructor(opened: OpenedWorkQueue, work: (job: Job) => Promise<void> | void = () => {}) {
    this.#opened = opened;
    this.#work = work;
  }

  readonly handler = async (job: Job): Promise<void> => {
    const { key, attempt, expiresAt, signal } = job;
    this.handled.push({ key, attempt, expiresAt, signal, at: this.#opened.now() });
    await this.#work(job);
  };

  get keys(): string[] {
    return this.handled.map(({ key }) => key);
  }

  timesOf(key: string): number {
    return this.keys.filter((one) => one === key).length;
  }
}

/** Lets time pass until `isSo`. */
export async function until(
  opened: OpenedWorkQueue,
  isSo: () => boolean | Promise<boolean>,
): Promise<void> {
  while (!(await isSo())) {
    await opened.elapse(5);
  }
}

/** Lets time pass until no job of the topic is waiting or running. */
export async function untilDone(opened: OpenedWorkQueue, topic = TOPIC): Promise<void> {
  await until(opened, async () => (await opened.queue.depth(topic)) === 0);
}

export async function setAsideJobs(queue: WorkQueue, topic?: string): Promise<SetAsideJob[]> {
  return Array.fromAsync(queue.listSetAside(topic));
}

/** A promise to be resolved from outside, for handlers that wait. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}
