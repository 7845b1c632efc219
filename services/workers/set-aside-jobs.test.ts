import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { until } from '#test/runtime/until.ts';
import { InMemoryWorkQueue } from '#work-queue/in-memory.ts';
import { PoisonJobError } from '#work-queue/port.ts';
import {
  discardSetAsideJobs,
  listSetAsideJobs,
  parseTopic,
  replaySetAsideJobs,
} from './set-aside-jobs.ts';

/** A queue in which two cargoes were set aside. */
async function setUp() {
  const queue = new InMemoryWorkQueue({ clock: new ManualClock() });
  const keys = ['cargo/sender/one', 'cargo/sender/two'];
  const handler = async () => {
    throw new PoisonJobError('it is\u001b[31m broken');
  };
  const options = { concurrency: 1, maxAttempts: 3, visibilityTimeoutMs: 1_000 };
  const consumer = queue.consume('incoming-cargo', handler, options);
  for (const key of keys) {
    await queue.enqueue('incoming-cargo', key);
  }
  await until(async () => (await Array.fromAsync(queue.listSetAside())).length === keys.length);
  await consumer.close({ drainMs: 0 });
  return { queue, list: () => Array.fromAsync(listSetAsideJobs(queue)) };
}

describe('Jobs set aside', () => {
  it('are listed with their reason, without what would confuse a terminal', async () => {
    const { list } = await setUp();
    const [first, second] = await list();
    assert.equal(
      first,
      '2026-01-01T00:00:00.000Z  incoming-cargo  cargo/sender/one  trace=72f327ef5c01  attempts=1  it is [31m broken',
    );
    assert.match(second ?? '', /cargo\/sender\/two/);
  });

  it('are replayed one by one, or all', async () => {
    const { queue, list } = await setUp();
    assert.equal(await replaySetAsideJobs(queue, 'incoming-cargo', 'cargo/sender/none'), 0);
    assert.equal(await replaySetAsideJobs(queue, 'incoming-cargo', 'cargo/sender/one'), 1);
    assert.equal((await list()).length, 1);
    assert.equal(await replaySetAsideJobs(queue, 'incoming-cargo'), 1);
    assert.deepEqual(await list(), []);
    assert.equal(await queue.depth('incoming-cargo'), 2);
  });

  it('are discarded one by one, or all', async () => {
    const { queue, list } = await setUp();
    assert.equal(await discardSetAsideJobs(queue, 'incoming-cargo', 'cargo/sender/one'), 1);
    assert.equal(await discardSetAsideJobs(queue, 'incoming-cargo'), 1);
    assert.deepEqual(await list(), []);
    assert.equal(await queue.depth('incoming-cargo'), 0);
  });

  it('are of topics that exist', () => {
    assert.equal(parseTopic('incoming-cargo'), 'incoming-cargo');
    assert.equal(parseTopic('internet-delivery'), 'internet-delivery');
    assert.equal(parseTopic('outgoing-cargo'), null);
  });
});
