import type { RedisTarget } from '#backing/redis/connection-options.ts';
import type { StoredWorkQueueOptions } from '../stored-queue.ts';

/** Which Redis to use, and how. */
export interface RedisQueueOptions extends RedisTarget, StoredWorkQueueOptions {
  /**
   * Prefix of each key in Redis, so that gateways can share a server.
   *
   * @default 'awala-jobs'
   */
  readonly prefix?: string;
  /** Deadline of each call to Redis. */
  readonly deadlineMs: number;
  /** How long after its visibility timeout a dead process's job goes to another. @default 5000 */
  readonly graceMs?: number;
  /**
   * How long a process may show no sign of life before its jobs go to another, however long they
   * may take. @default 15000
   */
  readonly lockMs?: number;
}
