import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '#clock/clock.ts';
import { uniqueName } from '#test/backing/backing.ts';
import { describeWorkQueue } from '../contract.ts';
import { openRedisQueue } from './open-queue.ts';

/** The promises of a work queue, tested over the Redis at `url`, in real time. */
export function describeRedisQueue(name: string, url: string): void {
  describeWorkQueue(name, async () => {
    const options = {
      url,
      prefix: uniqueName('jobs'),
      backoff: { firstMs: 2, maxMs: 20 },
      deadlineMs: 10_000,
    };
    const queue = openRedisQueue(options);
    return {
      queue,
      ahead: async (ms) => {
        const clock = { ...systemClock, now: () => new Date(Date.now() + ms) };
        return openRedisQueue({ ...options, clock });
      },
      now: () => new Date(),
      elapse: (ms) => pause(ms),
      [Symbol.asyncDispose]: () => queue[Symbol.asyncDispose](),
    };
  });
}
