import { setImmediate } from 'node:timers/promises';
import { ManualClock } from '#clock/manual-clock.ts';
import { describeWorkQueue } from './contract.ts';
import { InMemoryWorkQueue } from './in-memory.ts';

describeWorkQueue('InMemoryWorkQueue', async () => {
  const clock = new ManualClock();
  const queue = new InMemoryWorkQueue({ clock, backoff: { firstMs: 10, maxMs: 20 } });
  return {
    queue,
    now: () => clock.now(),
    elapse: async (ms) => {
      clock.advance(ms);
      await setImmediate();
    },
    [Symbol.asyncDispose]: () => queue[Symbol.asyncDispose](),
  };
});
