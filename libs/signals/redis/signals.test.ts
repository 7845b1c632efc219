import { describe } from 'node:test';
import { silentLog } from '#log/log.ts';
import { backing, uniqueName } from '#test/backing/backing.ts';
import { startFaultProxy } from '#test/backing/fault-proxy.ts';
import { describeSignals } from '../contract.ts';
import { RedisSignals } from './signals.ts';

const redis = await backing('redis');

describe('Redis', { skip: redis.missing }, () => {
  describeSignals(
    'Redis',
    async () => {
      const proxy = await startFaultProxy(redis.address);
      const prefix = `${uniqueName('signals')}:`;
      const open = (address: string) =>
        new RedisSignals({
          url: `redis://${address}`,
          log: silentLog,
          prefix,
          deadlineMs: 10_000,
          interruptionSpreadMs: 20,
        });
      const subscriber = open(proxy.address);
      const publisher = open(redis.address);
      return {
        subscriber,
        publisher,
        async interrupt(whileCutOff) {
          proxy.refuse();
          whileCutOff();
          // What was published has reached Redis once a later answer came from there.
          await publisher.check();
          proxy.accept();
        },
        async [Symbol.asyncDispose]() {
          await subscriber[Symbol.asyncDispose]();
          await publisher[Symbol.asyncDispose]();
          await proxy[Symbol.asyncDispose]();
        },
      };
    },
    { interruptible: true },
  );
});
