import type { Queue } from 'bullmq';
import { dueMsOf, type JobData } from './job-data.ts';

/**
 * Looks at the head of the line and at the delayed job that is due first, whatever else there is.
 *
 * Approximate: jobs come into the line when they are looked for, not when they are due, so that one
 * further back can have been due for longer, by as long as nobody looked. Who enqueued a job may have
 * had another clock; what stands in line has been due until now at the latest. An expired job
 * counts until it is found to have expired.
 */
export async function readOldestDueMs(
  queue: Queue<JobData>,
  nowMs: number,
): Promise<number | null> {
  const [[inLine], [delayed]] = await Promise.all([queue.getWaiting(0, 0), queue.getDelayed(0, 0)]);
  const delayedMs = delayed ? dueMsOf(delayed) : Number.POSITIVE_INFINITY;
  const oldestMs = inLine ? Math.min(dueMsOf(inLine), delayedMs, nowMs) : delayedMs;
  return oldestMs <= nowMs ? oldestMs : null;
}
