import { setImmediate } from 'node:timers/promises';
import { ManualClock } from '#clock/manual-clock.ts';
import { describeWorkQueue } from './contract.ts';
import { InMemoryJobStore, InMemoryWorkQueue } from './in-memory.ts';

describeWorkQueue('InMemoryWorkQueue', async () => {
  const clock = new ManualClock();
  const store = new InMemoryJobStore();
  const backoff = { firstMs: 10, maxMs: 20 };
  const queue = new InMemoryWorkQueue({ clock, backoff }, store);
  return {
    queue,
    ahead: async (ms) => {
      const ahead = new ManualClock(new Date(clock.now().getTime() + ms));
      return new InMemoryWorkQueue({ clock: ahead, backoff }, unclosed(store));
    },
    now: () => clock.now(),
    elapse: async (ms) => {
      clock.advance(ms);
      await setImmediate();
    },
    [Symbol.asyncDispose]: () => queue[Symbol.asyncDispose](),
  };
});

/** A store that outlives the queue that it is given to. */
function unclosed(store: InMemoryJobStore): InMemoryJobStore {
  return new Proxy(store, {
    get: (_, name) => {
      if (name === Symbol.asyncDispose) {
        return async () => {};
      }
      const value = Reflect.get(store, name);
      return typeof value === 'function' ? value.bind(store) : value;
    },
  });
}
