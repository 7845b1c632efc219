import { type Values, variant } from '#runtime/configuration/configuration.ts';
import { choice } from '#runtime/configuration/variables.ts';
import type { WorkQueue } from '#work-queue/port.ts';
import { dataFolder } from './data-folder.ts';
import type { Foundations } from './foundations.ts';
import { redisTarget, redisVariables } from './redis.ts';
import { OR_ONE_PROCESS, refusing } from './sharing.ts';

const meaning = 'what brings jobs to the workers';

/** For the gateway in one process. */
export const workQueue = variant(
  choice('WORK_QUEUE', ['sqlite', 'redis'], { meaning, default: 'sqlite' }),
  { sqlite: { folder: dataFolder }, redis: redisVariables },
);

/** For a service that shares the queue with others. */
export const sharedWorkQueue = variant(
  refusing(choice('WORK_QUEUE', ['redis'], { meaning }), {
    kind: 'sqlite',
    sentence: `is sqlite, which only one process can use: set WORK_QUEUE=redis and REDIS_URL, ${OR_ONE_PROCESS}`,
  }),
  { redis: redisVariables },
);

/** Which work queue to open. */
export type WorkQueueConfig = Values<typeof workQueue>;

/**
 * Opens the configured work queue.
 *
 * @throws {BackingUnavailableError} if the data folder cannot be used
 */
export async function openWorkQueue(
  config: WorkQueueConfig,
  foundations: Foundations,
): Promise<WorkQueue> {
  const { clock, log, databases, deadlineMs } = foundations;
  if (config.kind === 'redis') {
    const { openRedisQueue } = await import('#work-queue/redis/open-queue.ts');
    const prefix = `${config.prefix}-jobs`;
    const options = { ...(await redisTarget(config)), prefix, clock, log, deadlineMs };
    return foundations.use(await openRedisQueue(options));
  }
  const { openSqliteWorkQueue } = await import('#work-queue/sqlite/open-queue.ts');
  const database = await databases.in(config.folder);
  return foundations.use(await openSqliteWorkQueue({ database, clock, log }));
}
