import assert from 'node:assert/strict';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { BACKING_DEADLINE_MS } from '#backing/calls.ts';
import { BackingFullError, BackingUnavailableError } from '#backing/errors.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import type { Database } from '#sqlite/database.ts';
import { DatabaseUnavailableError } from '#sqlite/errors.ts';
import { type OpenDatabaseOptions, openDatabase } from '#sqlite/open-database.ts';
import type { ConsumeOptions, Job, WorkQueue } from '../port.ts';
import { openSqliteWorkQueue } from './open-queue.ts';

const TOPIC = 'deliveries';
const OPTIONS: ConsumeOptions = { concurrency: 2, maxAttempts: 2, visibilityTimeoutMs: 3_600_000 };
const MINUTE_MS = 60_000;

describe('jobs in the hands of a process that died', () => {
  it('are handled again as soon as their topic is consumed', async () => {
    await using opened = await open();
    const finish = Promise.withResolvers<void>();
    await opened.queue.enqueue(TOPIC, 'orphan');
    await firstJob(opened.queue, () => finish.promise);
    const heir = await opened.restart();
    const job = await firstJob(heir, async () => {});
    assert.equal(job.key, 'orphan');
    assert.equal(job.attempt, 2);
    await opened.settle();
    assert.equal(await heir.depth(TOPIC), 0);
  });

  it('are not taken for done when the old handler ends after all', async () => {
    await using opened = await open();
    const finish = Promise.withResolvers<void>();
    await opened.queue.enqueue(TOPIC, 'orphan');
    await firstJob(opened.queue, () => finish.promise);
    const heir = await opened.restart();
    await firstJob(heir, () => new Promise(() => {}));
    finish.resolve();
    await opened.settle();
    assert.equal(await heir.depth(TOPIC), 1);
  });

  it('are set aside if they were in hand each time a process died', async () => {
    await using opened = await open();
    await opened.queue.enqueue(TOPIC, 'deadly');
    let { queue } = opened;
    for (let deaths = 0; deaths < OPTIONS.maxAttempts; deaths++) {
      await firstJob(queue, () => new Promise(() => {}));
      queue = await opened.restart();
    }
    queue.consume(TOPIC, async () => assert.fail('a deadly job was handled again'), OPTIONS);
    await opened.settle();
    const [job] = await Array.fromAsync(queue.listSetAside());
    assert.equal(job?.key, 'deadly');
    assert.match(job.reason, /died/);
  });
});

describe('the work queue in SQLite', () => {
  it('hardly touches the database while there is nothing to do', async () => {
    await using opened = await open();
    opened.queue.consume(TOPIC, async () => {}, OPTIONS);
    await opened.settle();
    const before = opened.writes();
    for (let minutes = 0; minutes < 10; minutes++) {
      opened.clock.advance(MINUTE_MS);
      await opened.settle();
    }
    assert.ok(opened.writes() - before <= 10);
  });

  it('goes on by itself once the database answers again', async () => {
    await using opened = await open();
    await opened.queue.enqueue(TOPIC, 'patient');
    opened.failNextWrites(5);
    const handled = Promise.withResolvers<void>();
    opened.queue.consume(TOPIC, async () => handled.resolve(), OPTIONS);
    for (let seconds = 0; seconds < 120; seconds++) {
      opened.clock.advance(1_000);
      await opened.settle();
    }
    await handled.promise;
    assert.equal(await opened.queue.depth(TOPIC), 0);
  });

  it('handles a job again whose end could not be written down', async () => {
    await using opened = await open();
    const attempts: number[] = [];
    await opened.queue.enqueue(TOPIC, 'twice');
    opened.queue.consume(
      TOPIC,
      async ({ attempt }) => {
        attempts.push(attempt);
        opened.failNextWrites(attempt === 1 ? 1 : 0);
      },
      OPTIONS,
    );
    await opened.settle();
    opened.clock.advance(OPTIONS.visibilityTimeoutMs);
    await opened.settle();
    assert.deepEqual(attempts, [1, 2]);
    assert.equal(await opened.queue.depth(TOPIC), 0);
  });

  it('gives back, unhandled, what it was taking when its consumer was closed', async () => {
    await using opened = await open();
    await opened.queue.enqueue(TOPIC, 'spared');
    const consumer = opened.queue.consume(TOPIC, async () => assert.fail('handled'), OPTIONS);
    await consumer.close({ drainMs: 0 });
    const job = await firstJob(opened.queue, async () => {});
    assert.equal(job.attempt, 1);
  });

  it('lists more jobs set aside than fit on a page, each once', async () => {
    await using opened = await open();
    const keys = Array.from({ length: 450 }, (_, index) => `job-${index}`);
    await Promise.all(keys.map((key) => opened.queue.enqueue(TOPIC, key)));
    const fail = async () => {
      throw new Error('hopeless');
    };
    opened.queue.consume(TOPIC, fail, { ...OPTIONS, concurrency: 100, maxAttempts: 1 });
    await opened.settle();
    const listed = await Array.fromAsync(opened.queue.listSetAside(), ({ key }) => key);
    assert.deepEqual(listed.sort(), keys.sort());
  });

  it('is full when the database is, and unavailable when that is closed', async () => {
    await using opened = await open({ maxFileOctets: 120_000 });
    await assert.rejects(async () => {
      for (let index = 0; ; index++) {
        await opened.queue.enqueue(TOPIC, `${'x'.repeat(1_000)}-${index}`);
      }
    }, BackingFullError);
    await opened.database[Symbol.asyncDispose]();
    await assert.rejects(opened.queue.enqueue(TOPIC, 'a'), BackingUnavailableError);
    await assert.rejects(opened.queue.check(), BackingUnavailableError);
  });
});

interface OpenedQueue extends AsyncDisposable {
  readonly queue: WorkQueue;
  readonly database: Database;
  readonly clock: ManualClock;
  /** Another queue over the same database, as if the process of the first had died. */
  restart(): Promise<WorkQueue>;
  /** Lets everything that can happen now happen. */
  settle(): Promise<void>;
  writes(): number;
  failNextWrites(count: number): void;
}

async function open(options: Partial<OpenDatabaseOptions> = {}): Promise<OpenedQueue> {
  await using opened = new AsyncDisposableStack();
  const { path } = opened.use(await mkdtempDisposable(join(tmpdir(), 'awala-queue-')));
  const database = opened.use(
    await openDatabase(join(path, 'gateway.db'), { deadlineMs: BACKING_DEADLINE_MS, ...options }),
  );
  const counted = new CountedDatabase(database);
  const clock = new ManualClock();
  const openQueue = () => openSqliteWorkQueue({ database: counted, clock });
  const queue = opened.use(await openQueue());
  const owned = opened.move();
  return {
    queue,
    database,
    clock,
    restart: async () => owned.use(await openQueue()),
    settle: () => counted.settle(),
    writes: () => counted.writes,
    failNextWrites: (count) => {
      counted.toFail = count;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Counts writes, and fails them on demand. */
class CountedDatabase implements Database {
  writes = 0;
  toFail = 0;
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async write(...[statements]: Parameters<Database['write']>) {
    this.writes += 1;
    if (this.toFail > 0) {
      this.toFail -= 1;
      throw new DatabaseUnavailableError('on demand');
    }
    return this.#database.write(statements);
  }

  read(...[statement]: Parameters<Database['read']>) {
    return this.#database.read(statement);
  }

  claimRoom(...[addition]: Parameters<Database['claimRoom']>) {
    return this.#database.claimRoom(addition);
  }

  roomOctets() {
    return this.#database.roomOctets();
  }

  /** Until no write has led to another. */
  async settle(): Promise<void> {
    for (let before = -1; before !== this.writes; ) {
      before = this.writes;
      await this.#database.write([]);
      await this.#database.write([]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#database[Symbol.asyncDispose]();
  }
}

/** Consumes the topic; resolves with the first job when `handler` begins with it. */
function firstJob(queue: WorkQueue, handler: () => Promise<void>): Promise<Job> {
  return new Promise((resolve) => {
    queue.consume(
      TOPIC,
      async (job) => {
        resolve(job);
        await handler();
      },
      OPTIONS,
    );
  });
}
