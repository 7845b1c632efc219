import type { RedisTarget } from '#backing/redis/connection-options.ts';
import type { StoredWorkQueueOptions } from '../stored-queue.ts';

export interface RedisQueueOptions extends RedisTarget, StoredWorkQueueOptions {
  /**
   * Before each key in Redis, so that several gateways can share a server.
   *
   * @default 'awala-jobs'
   */
  readonly prefix?: string;
  /** Longest time for one call to Redis. @default 2000 */
  readonly deadlineMs?: number;
  /** Beyond the visibility timeout, until a job of a dead process can be given to another. @default 5000 */
  readonly graceMs?: number;
  /**
   * A job in hand is given to another once its process gave no sign of life for so long, however long
   * the job may take. @default 15000
   */
  readonly lockMs?: number;
}
