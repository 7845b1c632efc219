import { CARGO_TOPIC, INTERNET_DELIVERY_TOPIC } from '#gateway/held/topics.ts';
import { traceOf } from '#log/trace.ts';
import type { SetAsideJob, WorkQueue } from '#work-queue/port.ts';

/** The topics of the jobs that the workers do. */
export const TOPICS = [CARGO_TOPIC, INTERNET_DELIVERY_TOPIC] as const;

export type Topic = (typeof TOPICS)[number];

/** @returns null if there is no such topic */
export function parseTopic(text: string): Topic | null {
  return TOPICS.find((topic) => topic === text) ?? null;
}

/**
 * Jobs set aside, oldest first, as an operator reads them: one line each.
 *
 * @param topic - of all topics unless given
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
 * Forgets jobs: the one with that key, or all. What they were about stays stored
 * until it expires; the sweeper queues it again.
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
  // A reason may hold what a peer sent: an operator's terminal gets no control characters of it.
  const printable = reason.replaceAll(/\p{Cc}/gu, ' ');
  return `${setAsideAt.toISOString()}  ${topic}  ${key}  trace=${traceOf(key)}  attempts=${attempts}  ${printable}`;
}
