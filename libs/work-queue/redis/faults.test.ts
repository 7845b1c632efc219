import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { BackingUnavailableError } from '#backing/errors.ts';
import { backing, uniqueName } from '#test/backing/backing.ts';
import { type FaultProxy, startFaultProxy } from '#test/backing/fault-proxy.ts';
import type { WorkQueue } from '../port.ts';
import { RedisJobStore } from './job-store.ts';
import { openRedisQueue } from './open-queue.ts';

const redis = await backing('redis');
const TOPIC = 'test-topic';
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

  it('goes on after the connection was cut, and while it is cut says so in time', async () => {
    await using opened = await open({ deadlineMs: 300 });
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

async function open(more: { deadlineMs?: number } = {}) {
  const proxy: FaultProxy = await startFaultProxy(redis.address);
  const prefix = uniqueName('jobs');
  const another = (address: string) =>
    openRedisQueue({
      url: `redis://${address}`,
      prefix,
      backoff: { firstMs: 2, maxMs: 20 },
      graceMs: 100,
      deadlineMs: 10_000,
      ...more,
    });
  const queue = another(proxy.address);
  return {
    proxy,
    prefix,
    queue,
    another: () => another(redis.address),
    async [Symbol.asyncDispose]() {
      await queue[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

/** Takes what is due as a process does that then dies: without a word about it. */
async function takeAndDie(prefix: string): Promise<void> {
  const store = new RedisJobStore(
    { url: `redis://${redis.address}`, prefix, graceMs: 50 },
    () => {},
  );
  const nowMs = Date.now();
  const { jobs } = await store.take(TOPIC, { nowMs, limit: 1, dueAgainMs: nowMs + 50 });
  assert.equal(jobs.length, 1);
  await store[Symbol.asyncDispose]();
}

async function keysOf(prefix: string): Promise<string[]> {
  const client = new Redis(`redis://${redis.address}`);
  const keys = await client.keys(`{${prefix}}*`);
  client.disconnect();
  return keys;
}

async function untilListening(prefix: string): Promise<void> {
  const client = new Redis(`redis://${redis.address}`);
  while ((await client.pubsub('NUMSUB', `{${prefix}}:due`))[1] !== 1) {
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
