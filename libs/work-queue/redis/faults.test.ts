import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { BackingUnavailableError } from '#backing/errors.ts';
import type { Clock } from '#clock/clock.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { backing, uniqueName } from '#test/backing/backing.ts';
import { type FaultProxy, startFaultProxy } from '#test/backing/fault-proxy.ts';
import { ProcessorWaits } from '#test/runtime/processor-waits.ts';
import { until } from '#test/runtime/until.ts';
import { type Job, RetryLaterError, type WorkQueue } from '../port.ts';
import { RedisJobStore } from './job-store.ts';
import { openRedisQueue } from './open-queue.ts';

const redis = await backing('redis');
const TOPIC = 'test-topic';
const NOBODY = { onDue() {}, onHastened() {} };
const OPTIONS = { concurrency: 4, maxAttempts: 3, visibilityTimeoutMs: 60_000 };

describe('a work queue in Redis among processes and faults', { skip: redis.missing }, () => {
  it('tells a consumer at once of what another process enqueues', async () => {
    await using opened = await open();
    const done = Promise.withResolvers<string>();
    opened.queue.consume(TOPIC, async ({ key }) => done.resolve(key), OPTIONS);
    await untilListening(opened.prefix);
    await using other = opened.another();
    await other.enqueue(TOPIC, 'from-elsewhere');
    assert.equal(await done.promise, 'from-elsewhere');
  });

  it('tells other processes what jobs wait for, and gives them those that another put back', async () => {
    await using opened = await open();
    await using other = opened.another();
    await other.enqueue(TOPIC, 'waiting');
    const putBack = other.consume(
      TOPIC,
      async () => {
        const notBefore = new Date(Date.now() + 3_600_000);
        throw new RetryLaterError('not now', { notBefore, waitsFor: 'a host' });
      },
      OPTIONS,
    );
    while ((await keysOf(opened.prefix)).every((key) => !key.includes(':waiting:'))) {
      await pause(5);
    }
    await putBack.close({ drainMs: 1_000 });
    const told = Promise.withResolvers<string>();
    const done = Promise.withResolvers<string>();
    opened.queue.consume(TOPIC, async ({ key }) => done.resolve(key), {
      ...OPTIONS,
      onHastened: told.resolve,
    });
    await untilListening(opened.prefix, 2);
    assert.equal(await other.hasten(TOPIC, 'a host', 5), 1);
    assert.deepEqual(await Promise.all([told.promise, done.promise]), ['a host', 'waiting']);
  });

  it('keeps no more of what waits than there is, however often it is put back', async () => {
    await using opened = await open();
    let attempts = 0;
    opened.queue.consume(
      TOPIC,
      async () => {
        const isLast = ++attempts >= 20;
        const notBefore = new Date(Date.now() + (isLast ? 3_600_000 : 1));
        throw new RetryLaterError('not now', { notBefore, waitsFor: 'a host' });
      },
      OPTIONS,
    );
    await opened.queue.enqueue(TOPIC, 'one');
    while (attempts < 20) {
      await pause(5);
    }
    const index = (await keysOf(opened.prefix)).filter((key) => key.includes(':waiting:'));
    assert.equal(index.length, 1);
    const client = new Redis(`redis://${redis.address}`);
    assert.equal(await client.zcard(String(index[0])), 1);
    const leftMs = await client.pttl(String(index[0]));
    assert.ok(leftMs > 0 && leftMs <= 7_200_000, `${leftMs}`);
    client.disconnect();
  });

  it('gives the job of a process that died to another, as one more attempt', async () => {
    await using opened = await open();
    await opened.queue.enqueue(TOPIC, 'orphan');
    await takeAndDie(opened.prefix);
    const attempts: number[] = [];
    opened.queue.consume(
      TOPIC,
      async ({ attempt }) => {
        attempts.push(attempt);
      },
      { ...OPTIONS, visibilityTimeoutMs: 100 },
    );
    await untilEmpty(opened.queue);
    assert.deepEqual(attempts, [2]);
  });

  it('gives it to another soon, however long the job may take', async () => {
    await using opened = await open({ lockMs: 100 });
    await opened.queue.enqueue(TOPIC, 'orphan');
    await takeAndDie(opened.prefix, { mayTakeMs: 600_000, lockMs: 100 });
    const done = Promise.withResolvers<string>();
    opened.queue.consume(TOPIC, async ({ key }) => done.resolve(key), OPTIONS);
    assert.equal(await done.promise, 'orphan');
  });

  it('lets a process that lives have its job for as long as it may take', async () => {
    await using opened = await open({ lockMs: 1_000 });
    const attempts: number[] = [];
    const waits = new ProcessorWaits();
    const handler = async ({ attempt }: { readonly attempt: number }) => {
      attempts.push(attempt);
      // Several times as long as a process that died would be waited for.
      await pause(2_500);
    };
    opened.queue.consume(TOPIC, handler, OPTIONS);
    await using other = opened.another();
    other.consume(TOPIC, handler, OPTIONS);
    await opened.queue.enqueue(TOPIC, 'slow');
    await untilEmpty(opened.queue);
    // Who does not get the processor shows no sign of life either: three of them make a lock's life.
    assert.ok(attempts.length === 1 || waits.totalMs() > 600, `${attempts}, ${waits.totalMs()} ms`);
  });

  it('knows that a job is not its own any more before another is given it', async () => {
    await using opened = await open({ lockMs: 1_500 });
    const taken = Promise.withResolvers<Job>();
    const ended = Promise.withResolvers<void>();
    const mine = async (job: Job) => {
      taken.resolve(job);
      await ended.promise;
    };
    const consumer = opened.queue.consume(TOPIC, mine, OPTIONS);
    await opened.queue.enqueue(TOPIC, 'contested');
    const job = await taken.promise;
    const waits = new ProcessorWaits();
    // Longer than the lock lasts that it was taken with.
    await pause(2_000);
    assert.ok(job.isHeld() || waits.totalMs() > 700, `${waits.totalMs()} ms`);
    opened.proxy.refuse();
    opened.proxy.cut();
    await using other = opened.another();
    const given = Promise.withResolvers<boolean>();
    other.consume(TOPIC, async () => given.resolve(job.isHeld()), OPTIONS);
    assert.equal(await given.promise, false);
    await untilEmpty(other);
    opened.proxy.accept();
    ended.resolve();
    await consumer.close({ drainMs: 1_000 });
  });

  it('begins no job that it has in hand, though Redis forgot it and was told anew', async () => {
    await using opened = await open();
    const taken = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    const after = Promise.withResolvers<void>();
    const attempts: number[] = [];
    const handler = async ({ key, attempt }: Job) => {
      if (key === 'after') {
        after.resolve();
        return;
      }
      attempts.push(attempt);
      taken.resolve();
      await ended.promise;
    };
    opened.queue.consume(TOPIC, handler, OPTIONS);
    await opened.queue.enqueue(TOPIC, 'in hand');
    await taken.promise;
    await forgetAll(opened.prefix);
    await opened.queue.enqueue(TOPIC, 'in hand');
    // Given out after the one before it.
    await opened.queue.enqueue(TOPIC, 'after');
    await after.promise;
    assert.deepEqual(attempts, [1]);
    ended.resolve();
    await untilEmpty(opened.queue);
    assert.deepEqual(attempts, [1, 1]);
  });

  it('does not keep a job that it was given too late', async () => {
    await using opened = await open({ deadlineMs: 500 });
    await using other = opened.another();
    await other.enqueue(TOPIC, 'late');
    // Opens the connection, which may take longer on a busy machine.
    await until(() =>
      opened.queue.depth(TOPIC).then(
        () => true,
        () => false,
      ),
    );
    opened.proxy.delay(750);
    const attempts: number[] = [];
    const consumer = opened.queue.consume(
      TOPIC,
      async ({ attempt }) => {
        attempts.push(attempt);
      },
      OPTIONS,
    );
    await untilTaken(opened.prefix);
    opened.proxy.delay(0);
    await untilEmpty(other);
    await consumer.close({ drainMs: 1_000 });
    assert.deepEqual(attempts, [1]);
  });

  it('hears at once of a job by a process whose clock is ahead', async () => {
    await using opened = await open();
    const done = Promise.withResolvers<string>();
    opened.queue.consume(TOPIC, async ({ key }) => done.resolve(key), OPTIONS);
    await untilListening(opened.prefix);
    const clock = new ManualClock(new Date(Date.now() + 7_200_000));
    await using other = opened.another({ clock });
    await other.enqueue(TOPIC, 'from the future');
    assert.equal(await done.promise, 'from the future');
  });

  it('takes over at once what a process gives back whose clock is ahead', async () => {
    await using opened = await open();
    const clock = new ManualClock(new Date(Date.now() + 7_200_000));
    await using ahead = opened.another({ clock });
    const taken = Promise.withResolvers<void>();
    const leaving = ahead.consume(
      TOPIC,
      ({ signal }) => {
        taken.resolve();
        return new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
        });
      },
      OPTIONS,
    );
    await opened.queue.enqueue(TOPIC, 'in hand');
    await taken.promise;
    const done = Promise.withResolvers<number>();
    opened.queue.consume(TOPIC, async ({ attempt }) => done.resolve(attempt), OPTIONS);
    await leaving.close({ drainMs: 0 });
    assert.equal(await done.promise, 1);
  });

  it('goes on after the connection was cut, and while it is cut says so in time', async () => {
    await using opened = await open({ deadlineMs: 2_000 });
    const handled: string[] = [];
    opened.queue.consume(
      TOPIC,
      async ({ key }) => {
        handled.push(key);
      },
      OPTIONS,
    );
    await opened.queue.enqueue(TOPIC, 'before');
    await untilEmpty(opened.queue);
    opened.proxy.refuse();
    await assert.rejects(opened.queue.enqueue(TOPIC, 'during'), BackingUnavailableError);
    await assert.rejects(opened.queue.check(), BackingUnavailableError);
    opened.proxy.accept();
    await untilEnqueued(opened.queue, 'after');
    await untilEmpty(opened.queue);
    assert.ok(handled.includes('before') && handled.includes('after'));
  });

  it('may be closed while it subscribes again', async () => {
    const opened = await open();
    const consumer = opened.queue.consume(TOPIC, async () => {}, OPTIONS);
    await untilListening(opened.prefix);
    opened.proxy.cut();
    await untilListening(opened.prefix, 0);
    // Redis hears of it, and its answer is under way when nobody waits for it any more.
    opened.proxy.delay(200);
    await untilListening(opened.prefix);
    await consumer.close({ drainMs: 0 });
    await opened[Symbol.asyncDispose]();
  });

  it('keeps nothing in Redis of jobs that are done, but for a bounded remainder', async () => {
    await using opened = await open();
    const rest: number[] = [];
    opened.queue.consume(TOPIC, async () => {}, { ...OPTIONS, concurrency: 20 });
    for (const round of [1, 2, 3]) {
      const keys = Array.from({ length: 200 }, (_, index) => `${round}/${index}`);
      await Promise.all(keys.map((key) => opened.queue.enqueue(TOPIC, key)));
      await untilEmpty(opened.queue);
      rest.push((await keysOf(opened.prefix)).length);
    }
    assert.ok(
      rest.every((count) => count < 12),
      `keys left after each round: ${rest}`,
    );
  });
});

async function open(more: { deadlineMs?: number; lockMs?: number } = {}) {
  const proxy: FaultProxy = await startFaultProxy(redis.address);
  const prefix = uniqueName('jobs');
  const another = (address: string, own: { clock?: Clock } = {}) =>
    openRedisQueue({
      url: `redis://${address}`,
      prefix,
      backoff: { firstMs: 2, maxMs: 20 },
      graceMs: 100,
      deadlineMs: 10_000,
      ...more,
      ...own,
    });
  const queue = another(proxy.address);
  return {
    proxy,
    prefix,
    queue,
    another: (own: { clock?: Clock } = {}) => another(redis.address, own),
    async [Symbol.asyncDispose]() {
      await queue[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

/** Takes what is due as a process does that then dies: without a word about it. */
async function takeAndDie(
  prefix: string,
  { mayTakeMs = 50, ...options }: { mayTakeMs?: number; lockMs?: number } = {},
): Promise<void> {
  const store = new RedisJobStore(
    { url: `redis://${redis.address}`, prefix, graceMs: 50, deadlineMs: 10_000, ...options },
    NOBODY,
  );
  const nowMs = Date.now();
  const { jobs } = await store.take(TOPIC, {
    nowMs,
    limit: 1,
    dueAgainMs: nowMs + mayTakeMs,
    latestDueMs: nowMs + 3_600_000,
  });
  assert.equal(jobs.length, 1);
  await store[Symbol.asyncDispose]();
}

async function keysOf(prefix: string): Promise<string[]> {
  const client = new Redis(`redis://${redis.address}`);
  const keys = await client.keys(`{${prefix}}*`);
  client.disconnect();
  return keys;
}

/** As after a start with nothing in it, for this queue alone. */
async function forgetAll(prefix: string): Promise<void> {
  const client = new Redis(`redis://${redis.address}`);
  await client.del(await keysOf(prefix));
  client.disconnect();
}

/** Resolves once Redis gave the job to somebody, whether the answer came or not. */
async function untilTaken(prefix: string): Promise<void> {
  const client = new Redis(`redis://${redis.address}`);
  while ((await client.llen(`{${prefix}}:${TOPIC}:active`)) === 0) {
    await pause(5);
  }
  client.disconnect();
}

async function untilListening(prefix: string, listeners = 1): Promise<void> {
  const client = new Redis(`redis://${redis.address}`);
  while ((await client.pubsub('NUMSUB', `{${prefix}}:due`))[1] !== listeners) {
    await pause(5);
  }
  client.disconnect();
}

async function untilEmpty(queue: WorkQueue): Promise<void> {
  while ((await queue.depth(TOPIC)) > 0) {
    await pause(5);
  }
}

async function untilEnqueued(queue: WorkQueue, key: string): Promise<void> {
  for (;;) {
    try {
      await queue.enqueue(TOPIC, key);
      return;
    } catch {
      await pause(20);
    }
  }
}
