import { ManualClock } from '#clock/manual-clock.ts';
import { databaseForTests } from '#sqlite/fixtures/database-for-tests.ts';
import { describeWorkQueue } from '../contract.ts';
import { openSqliteWorkQueue } from './open-queue.ts';

const emptied = databaseForTests();

describeWorkQueue('the work queue in SQLite', async () => {
  const { database } = await emptied();
  const clock = new ManualClock();
  const backoff = { firstMs: 10, maxMs: 20 };
  const queue = await openSqliteWorkQueue({ database, clock, backoff });
  return {
    queue,
    ahead: (ms) => {
      const ahead = new ManualClock(new Date(clock.now().getTime() + ms));
      return openSqliteWorkQueue({ database, clock: ahead, backoff });
    },
    now: () => clock.now(),
    elapse: async (ms) => {
      clock.advance(ms);
      // Comes after whatever the queue is writing now.
      await database.write([]);
    },
    [Symbol.asyncDispose]: () => queue[Symbol.asyncDispose](),
  };
});
