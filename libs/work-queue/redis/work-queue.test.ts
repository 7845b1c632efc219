import { describe } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '#clock/clock.ts';
import { backing, uniqueName } from '#test/backing/backing.ts';
import { describeWorkQueue } from '../contract.ts';
import { openRedisQueue } from './open-queue.ts';

const redis = await backing('redis');

describe('Redis', { skip: redis.missing }, () => {
  describeWorkQueue('Redis', async () => {
    const options = {
      url: `redis://${redis.address}`,
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
});
