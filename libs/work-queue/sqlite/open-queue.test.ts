import assert from 'node:assert/strict';
import { it } from 'node:test';
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

it('can be put back to the first version, which reads and writes the jobs, and forward again', async () => {
  const { database } = await emptied();
  await (await openSqliteWorkQueue({ database })).enqueue('deliver', 'new');
  const [row] = await database.read({
    sql: "SELECT version FROM layouts WHERE component = 'work-queue'",
  });
  // A version refuses a layout that it does not know, and the first knows but one.
  assert.equal(row?.version, 1);
  await database.write([
    {
      sql: 'INSERT INTO jobs (topic, key, due_at_ms, expires_at_ms) VALUES (?, ?, ?, ?)',
      parameters: ['deliver', 'old', 0, null],
    },
  ]);
  const queue = await openSqliteWorkQueue({ database });
  assert.equal(await queue.depth('deliver'), 2);
  assert.equal(await queue.hasten('deliver', 'a.example', 1), 0);
});
