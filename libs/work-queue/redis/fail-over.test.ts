import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { BackingUnavailableError } from '#backing/errors.ts';
import { uniqueName } from '#test/backing/backing.ts';
import { type FaultProxy, startFaultProxy } from '#test/backing/fault-proxy.ts';
import { type RedisPair, startRedisPair } from '#test/backing/redis-pair.ts';
import { until } from '#test/runtime/until.ts';
import type { WorkQueue } from '../port.ts';
import { openRedisQueue } from './open-queue.ts';

const TOPIC = 'test-topic';
const LOOK_AGAIN_MS = 20;
const OPTIONS = { concurrency: 4, maxAttempts: 3, visibilityTimeoutMs: 60_000 };

const started = await startRedisPair();
const missing = 'missing' in started ? started.missing : false;
assert.ok(!(missing && process.env.CI), String(missing));

describe('a work queue in Redis whose master becomes a replica and keeps its connections', {
  skip: missing,
}, () => {
  const pair = started as RedisPair;
  /** What the address of Redis leads to. */
  let proxy: FaultProxy;
  let master = 0;

  before(async () => {
    proxy = await startFaultProxy(pair.addresses[0]);
  });
  after(async () => {
    await proxy?.[Symbol.asyncDispose]();
    await (missing ? undefined : pair[Symbol.asyncDispose]());
  });

  async function swap({ isAddressLate = false } = {}): Promise<void> {
    master = 1 - master;
    const leadToMaster = () => proxy.leadTo(String(pair.addresses[master]));
    await (isAddressLate ? undefined : leadToMaster());
    await pair.swap();
  }

  const leadToMaster = () => proxy.leadTo(String(pair.addresses[master]));

  function open(prefix: string): WorkQueue {
    return openRedisQueue({
      url: `redis://${proxy.address}`,
      prefix,
      backoff: { firstMs: 2, maxMs: 20 },
      deadlineMs: 2_000,
      // How a job ended cannot be written down meanwhile: it comes again after this time.
      lockMs: 2_000,
    });
  }

  /** Enqueues and handles without end. */
  function load(producer: WorkQueue, consumer: WorkQueue) {
    const accepted: string[] = [];
    const handled = new Map<string, number>();
    let isOver = false;
    consumer.consume(
      TOPIC,
      async ({ key }) => {
        await pause(1);
        handled.set(key, (handled.get(key) ?? 0) + 1);
      },
      OPTIONS,
    );
    const producing = (async () => {
      for (let index = 0; !isOver; index++) {
        await producer.enqueue(TOPIC, `key-${index}`).then(
          () => accepted.push(`key-${index}`),
          () => pause(10),
        );
      }
    })();
    return {
      accepted,
      handled,
      async end() {
        isOver = true;
        await producing;
      },
    };
  }

  for (const isAddressLate of [false, true]) {
    const when = isAddressLate ? 'a while later' : 'at once';
    it(`goes on with the new one, to which the address leads ${when}`, async () => {
      const prefix = uniqueName('jobs');
      await using producer = open(prefix);
      await using consumer = open(prefix);
      await using idle = open(prefix);
      await idle.check();
      const work = load(producer, consumer);
      await until(() => work.handled.size > 50, LOOK_AGAIN_MS);
      await swap({ isAddressLate });
      if (isAddressLate) {
        await assert.rejects(idle.check(), BackingUnavailableError);
        const { accepted } = proxy;
        await assert.rejects(idle.check(), BackingUnavailableError);
        await pause(500);
        // Nobody connects without pause to what is no master yet.
        assert.ok(proxy.accepted - accepted < 15, `${proxy.accepted - accepted} connections`);
        leadToMaster();
      }
      await until(() => succeeds(idle.check()), LOOK_AGAIN_MS);
      const before = work.handled.size;
      await until(() => work.handled.size > before + 200, LOOK_AGAIN_MS);
      await work.end();
      await until(() => work.accepted.every((key) => work.handled.has(key)), LOOK_AGAIN_MS);
    });
  }

  it('hears of jobs from others over the new one, also if it did nothing itself meanwhile', async () => {
    const prefix = uniqueName('jobs');
    await using consumer = open(prefix);
    const handled: string[] = [];
    consumer.consume(
      TOPIC,
      async ({ key }) => {
        handled.push(key);
      },
      OPTIONS,
    );
    await using producer = open(prefix);
    await producer.enqueue(TOPIC, 'before');
    await until(() => handled.length >= 1, LOOK_AGAIN_MS);
    await swap();
    await until(() => succeeds(consumer.check()), LOOK_AGAIN_MS);
    await until(() => succeeds(producer.enqueue(TOPIC, 'after')), LOOK_AGAIN_MS);
    await until(() => handled.length >= 2, LOOK_AGAIN_MS);
    assert.deepEqual(handled, ['before', 'after']);
  });
});

function succeeds(call: Promise<void>): Promise<boolean> {
  return call.then(
    () => true,
    () => false,
  );
}
