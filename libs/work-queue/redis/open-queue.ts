import type { WorkQueue } from '../port.ts';
import { StoredWorkQueue } from '../stored-queue.ts';
import { RedisJobStore } from './job-store.ts';
import type { RedisQueueOptions } from './options.ts';

/**
 * Opens a work queue in Redis, shared by all processes with the same prefix. Consumers hear at once
 * of jobs that other processes enqueue.
 *
 * @throws {TypeError} if the URL is not a Redis URL
 */
export function openRedisQueue(options: RedisQueueOptions): WorkQueue {
  const store = new RedisJobStore(options, {
    onDue: (topic, dueMs) => queue.wake(topic, dueMs),
    onHastened: (topic, waitsFor) => queue.tellHastened(topic, waitsFor),
  });
  const { url: _url, ca: _ca, prefix: _prefix, deadlineMs: _deadline, ...rest } = options;
  const { graceMs: _grace, lockMs: _lock, ...forQueue } = rest;
  const queue = new StoredWorkQueue(store, forQueue);
  return queue;
}
