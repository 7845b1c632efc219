import type { Queue } from 'bullmq';
import { dueMsOf, type JobData } from './job-data.ts';

/**
 * Looks only at the head of the line and at the delayed job that is due first.
 *
 * Approximate: jobs enter the line when someone looks for them, not when they are due, so one
 * further back can have been due for longer, by as long as nobody looked. The enqueuing process may
 * have had another clock; a job in line is due since now at the latest. An expired job counts until
 * it is found.
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
