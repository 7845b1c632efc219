import type { RedisTarget } from '#backing/redis/connection-options.ts';
import type { StoredWorkQueueOptions } from '../stored-queue.ts';

/** How long after its visibility timeout the job of a dead process goes to another. */
export const GRACE_MS = 5_000;
/** How long a process may show no sign of life before its jobs go to another. */
export const LOCK_MS = 15_000;

/** Which Redis to use, and how. */
export interface RedisQueueOptions extends RedisTarget, StoredWorkQueueOptions {
  /** Prefix of each key in Redis, so that gateways can share a server. */
  readonly prefix: string;
  /** Deadline of each call to Redis. */
  readonly deadlineMs: number;
  /** How long after its visibility timeout a dead process's job goes to another. @default {@link GRACE_MS} */
  readonly graceMs?: number;
  /**
   * How long a process may show no sign of life before its jobs go to another, however long they
   * may take. @default {@link LOCK_MS}
   */
  readonly lockMs?: number;
}
