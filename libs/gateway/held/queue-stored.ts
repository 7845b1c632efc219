import { BackingError } from '#backing/errors.ts';
import type { Log } from '#log/log.ts';
import { logStep } from '#log/steps.ts';
import type { ObjectKey } from '#object-store/port.ts';
import type { WorkQueue } from '#work-queue/port.ts';

/**
 * Queues the job of a stored object. A queue that is down or full is no failure: the sweeper queues
 * what has no job.
 */
export async function queueStored(
  stored: {
    readonly topic: string;
    readonly key: ObjectKey;
    readonly expiresAt: Date;
  },
  { queue, log }: { readonly queue: Pick<WorkQueue, 'enqueue'>; readonly log: Log },
): Promise<void> {
  const { topic, key, expiresAt } = stored;
  try {
    await queue.enqueue(topic, key, { expiresAt });
    logStep(log, 'queued', key, { topic });
  } catch (error) {
    if (!(error instanceof BackingError)) {
      throw error;
    }
    logStep(log, 'unqueued', key, { topic, error });
  }
}
