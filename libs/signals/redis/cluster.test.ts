import assert from 'node:assert/strict';
import { after, describe } from 'node:test';
import { Redis } from 'ioredis';
import { silentLog } from '#log/log.ts';
import { uniqueName } from '#test/backing/backing.ts';
import { startRedisCluster } from '#test/backing/redis-cluster.ts';
import { describeSignals } from '../contract.ts';
import { RedisSignals } from './signals.ts';

const cluster = await startRedisCluster();
const missing = 'missing' in cluster ? cluster.missing : false;
assert.ok(!(missing && process.env.CI), String(missing));
const address = 'missing' in cluster ? '' : cluster.address;

describe('Redis Cluster', { skip: missing }, () => {
  after(async () => {
    await ('missing' in cluster ? undefined : cluster[Symbol.asyncDispose]());
  });

  describeSignals(
    'Redis Cluster',
    async () => {
      const prefix = `${uniqueName('signals')}:`;
      const open = () =>
        new RedisSignals({
          url: `redis+cluster://${address}`,
          log: silentLog,
          prefix,
          deadlineMs: 10_000,
          interruptionSpreadMs: 20,
        });
      const [subscriber, publisher] = [open(), open()];
      return {
        subscriber,
        publisher,
        async interrupt(whileCutOff) {
          const redis = new Redis(`redis://${address}`);
          await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
          redis.disconnect();
          whileCutOff();
        },
        async [Symbol.asyncDispose]() {
          await subscriber[Symbol.asyncDispose]();
          await publisher[Symbol.asyncDispose]();
        },
      };
    },
    { interruptible: true },
  );
});
