import assert from 'node:assert/strict';
import { after, describe } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '#clock/clock.ts';
import { uniqueName } from '#test/backing/backing.ts';
import { startRedisCluster } from '#test/backing/redis-cluster.ts';
import { describeWorkQueue } from '../contract.ts';
import { openRedisQueue } from './open-queue.ts';

const cluster = await startRedisCluster();
const missing = 'missing' in cluster ? cluster.missing : false;
assert.ok(!(missing && process.env.CI), String(missing));
const address = 'missing' in cluster ? '' : cluster.address;

describe('Redis Cluster', { skip: missing }, () => {
  after(async () => {
    await ('missing' in cluster ? undefined : cluster[Symbol.asyncDispose]());
  });

  describeWorkQueue('Redis Cluster', async () => {
    const options = {
      url: `redis+cluster://${address}`,
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
