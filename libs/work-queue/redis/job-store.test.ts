import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Queue } from 'bullmq';
import { BackingUnavailableError } from '#backing/errors.ts';
import { backing, uniqueName } from '#test/backing/backing.ts';
import { RedisJobStore } from './job-store.ts';

const redis = await backing('redis');
const TOPIC = 'test-topic';
const NOBODY = { onDue() {}, onHastened() {} };

describe('The jobs in Redis', { skip: redis.missing }, () => {
  it('tell when one that was tried before is due, however long ago it was enqueued', async () => {
    await using store = open();
    const nowMs = Date.now();
    const enqueuedMs = nowMs - 7_200_000;
    const retryMs = nowMs + 3_600_000;
    const taking = { nowMs, limit: 2, dueAgainMs: nowMs + 60_000, latestDueMs: retryMs };
    const job = { topic: TOPIC, key: 'key', expiresAtMs: null };
    await store.add({ ...job, dueMs: enqueuedMs, nowMs: enqueuedMs });
    assert.equal(await store.oldestDueMs(TOPIC, nowMs), enqueuedMs);
    const { jobs } = await store.take(TOPIC, taking);
    const [taken] = jobs;
    assert.ok(taken);
    await store.release(taken, { dueMs: retryMs, waitsFor: null });
    assert.deepEqual(await store.take(TOPIC, taking), { jobs: [], nextDueMs: retryMs });
    assert.equal(await store.oldestDueMs(TOPIC, nowMs), null);
  });

  it('are there for others where Redis fails after some were taken and before they are handed on', async (test) => {
    await using store = open();
    const nowMs = Date.now();
    const latestDueMs = nowMs + 3_600_000;
    const taking = { nowMs, limit: 2, dueAgainMs: nowMs + 60_000, latestDueMs };
    await store.add({ topic: TOPIC, key: 'key', expiresAtMs: null, dueMs: nowMs, nowMs });
    const failing = async () => {
      throw new Error('told to fail');
    };
    test.mock.method(Queue.prototype, 'getDelayed', failing, { times: 1 });
    await assert.rejects(store.take(TOPIC, taking), BackingUnavailableError);
    const { jobs } = await store.take(TOPIC, taking);
    assert.deepEqual(
      jobs.map(({ key, attempts, failures }) => ({ key, attempts, failures })),
      [{ key: 'key', attempts: 1, failures: 0 }],
    );
  });
});

/** Opens the jobs of a queue of its own. */
function open(): RedisJobStore {
  const url = `redis://${redis.address}`;
  const prefix = uniqueName('jobs');
  return new RedisJobStore({ url, prefix, deadlineMs: 10_000 }, NOBODY);
}
