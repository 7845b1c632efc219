import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '#clock/manual-clock.ts';
import { openDatabase } from '#sqlite/open-database.ts';
import { describeWorkQueue } from '../contract.ts';
import { openSqliteWorkQueue } from './open-queue.ts';

describeWorkQueue('the work queue in SQLite', async () => {
  await using opened = new AsyncDisposableStack();
  const { path } = opened.use(await mkdtempDisposable(join(tmpdir(), 'awala-queue-')));
  const database = opened.use(await openDatabase(join(path, 'gateway.db')));
  const clock = new ManualClock();
  const backoff = { firstMs: 10, maxMs: 20 };
  const queue = opened.use(await openSqliteWorkQueue({ database, clock, backoff }));
  const owned = opened.move();
  return {
    queue,
    now: () => clock.now(),
    elapse: async (ms) => {
      clock.advance(ms);
      // Comes after whatever the queue is writing now.
      await database.write([]);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
});
