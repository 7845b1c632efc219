import { CARGO_TOPIC, INTERNET_DELIVERY_TOPIC } from '#gateway/held/topics.ts';
import { traceOf } from '#log/trace.ts';
import type { SetAsideJob, WorkQueue } from '#work-queue/port.ts';

/** The topics that the workers consume. */
export const TOPICS = [CARGO_TOPIC, INTERNET_DELIVERY_TOPIC] as const;

/** One of {@link TOPICS}. */
export type Topic = (typeof TOPICS)[number];

/**
 * The topic of that name.
 *
 * @returns null if there is none
 */
export function parseTopic(text: string): Topic | null {
  return TOPICS.find((topic) => topic === text) ?? null;
}

/**
 * Set-aside jobs, oldest first, one line each for an operator.
 *
 * @param topic - by default, all topics
 */
export async function* listSetAsideJobs(
  queue: WorkQueue,
  topic?: Topic,
): AsyncGenerator<string, void, undefined> {
  for await (const job of queue.listSetAside(topic)) {
    yield describeJob(job);
  }
}

/**
 * Gives jobs another round of attempts: the one with that key, or all.
 *
 * @returns how many there were
 */
export function replaySetAsideJobs(queue: WorkQueue, topic: Topic, key?: string): Promise<number> {
  return forEachJob(queue, topic, key, (each) => queue.replay(topic, each));
}

/**
 * Removes jobs: the one with that key, or all. What they are about stays stored until it expires;
 * the sweeper queues it again.
 *
 * @returns how many there were
 */
export function discardSetAsideJobs(queue: WorkQueue, topic: Topic, key?: string): Promise<number> {
  return forEachJob(queue, topic, key, (each) => queue.discard(topic, each));
}

async function forEachJob(
  queue: WorkQueue,
  topic: Topic,
  key: string | undefined,
  action: (key: string) => Promise<boolean>,
): Promise<number> {
  if (key !== undefined) {
    return Number(await action(key));
  }
  const keys: string[] = [];
  for await (const job of queue.listSetAside(topic)) {
    keys.push(job.key);
  }
  let count = 0;
  for (const each of keys) {
    count += Number(await action(each));
  }
  return count;
}

function describeJob({ topic, key, attempts, reason, setAsideAt }: SetAsideJob): string {
  // A reason may contain what a peer sent: keeps control characters from the operator's terminal.
  const printable = reason.replaceAll(/\p{Cc}/gu, ' ');
  return `${setAsideAt.toISOString()}  ${topic}  ${key}  trace=${traceOf(key)}  attempts=${attempts}  ${printable}`;
}
