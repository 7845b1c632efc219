import type { Clock } from '#clock/clock.ts';
import type { Identity } from '#gateway/identity/identity.ts';
import type { HeldIndex } from '#held-index/port.ts';
import type { ProcessMetrics } from '#runtime/metrics.ts';
import type { WorkQueue } from '#work-queue/port.ts';
import { TOPICS } from './set-aside-jobs.ts';

/** More are not counted, so that scraping stays cheap. */
const MOST_COUNTED = 1_000;

/**
 * Adds the metrics of work: how much waits and how long, what was set aside, how much of the index
 * of what is held is incomplete, and how long the gateway's certificate lasts.
 */
export function observeWork(
  metrics: ProcessMetrics,
  {
    queue,
    identity,
    heldIndex,
    clock,
  }: {
    readonly queue: WorkQueue;
    readonly identity: Identity;
    readonly heldIndex: HeldIndex | null;
    readonly clock: Clock;
  },
): void {
  const eachTopic = async (count: (topic: string) => Promise<number>) =>
    Object.fromEntries(
      await Promise.all(TOPICS.map(async (topic) => [topic, await count(topic)] as const)),
    );
  metrics.observeEach('queue_jobs', 'Jobs waiting or running', 'topic', () =>
    eachTopic((topic) => queue.depth(topic)),
  );
  metrics.observeEach(
    'queue_oldest_due_seconds',
    'How long the job has waited that has been due for longest; 0 if none is due',
    'topic',
    () => eachTopic(async (topic) => secondsSince(await queue.oldestDue(topic), clock)),
  );
  metrics.observeEach('jobs_set_aside', 'Jobs set aside, counted up to 1000', 'topic', () =>
    eachTopic((topic) => countSetAside(queue, topic)),
  );
  if (heldIndex) {
    metrics.observe(
      'held_index_incomplete_parts',
      'Parts of the index of what is held, of 16, for which the store is listed instead',
      () => heldIndex.incompleteParts(),
    );
  }
  metrics.observe(
    'certificate_seconds_left',
    'Time until the certificate that the gateway issues others with expires',
    async () => {
      const { notAfter } = await identity.currentCertificate();
      return (notAfter.getTime() - clock.now().getTime()) / 1_000;
    },
  );
}

function secondsSince(date: Date | null, clock: Clock): number {
  return date ? Math.max(0, clock.now().getTime() - date.getTime()) / 1_000 : 0;
}

/** The jobs of a topic that were set aside, up to 1 000. */
export async function countSetAside(queue: WorkQueue, topic: string): Promise<number> {
  let count = 0;
  for await (const _ of queue.listSetAside(topic)) {
    count += 1;
    if (count === MOST_COUNTED) {
      break;
    }
  }
  return count;
}
