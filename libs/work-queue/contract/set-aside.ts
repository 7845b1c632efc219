import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { testsOver } from '#test/tests-over.ts';
import {
  OPTIONS,
  type OpenedWorkQueue,
  type OpenWorkQueue,
  Recorder,
  setAsideJobs,
  TOPIC,
  until,
  untilDone,
} from './opened-queue.ts';

export function describeSetAside(open: OpenWorkQueue): void {
  const test = testsOver(open);
  describe('jobs set aside', () => {
    test('are listed oldest first, all or of one topic', async (opened) => {
      await setAside(opened, TOPIC, 'first');
      await setAside(opened, 'other-topic', 'second');
      await setAside(opened, TOPIC, 'third');
      const listed = async (topic?: string) =>
        (await setAsideJobs(opened.queue, topic)).map((job) => `${job.topic} ${job.key}`);
      const all = [`${TOPIC} first`, 'other-topic second', `${TOPIC} third`];
      assert.deepEqual(await listed(), all);
      assert.deepEqual(await listed(TOPIC), [`${TOPIC} first`, `${TOPIC} third`]);
      assert.deepEqual(await listed('empty-topic'), []);
      assert.equal(await opened.queue.depth(TOPIC), 0);
    });

    test('have a new round of attempts when they are replayed', async (opened) => {
      let failing = true;
      const recorder = new Recorder(opened, () => {
        if (failing) {
          throw new Error('not mended');
        }
      });
      opened.queue.consume(TOPIC, recorder.handler, OPTIONS);
      await opened.queue.enqueue(TOPIC, 'mended');
      await untilDone(opened);
      assert.equal(await opened.queue.replay(TOPIC, 'mended'), true);
      await until(opened, async () => (await setAsideJobs(opened.queue)).length === 1);
      failing = false;
      assert.equal(await opened.queue.replay(TOPIC, 'mended'), true);
      await untilDone(opened);
      assert.deepEqual(
        recorder.handled.map(({ attempt }) => attempt),
        [1, 2, 3, 1, 2, 3, 1],
      );
      assert.deepEqual(await setAsideJobs(opened.queue), []);
      assert.equal(await opened.queue.replay(TOPIC, 'mended'), false);
    });

    test('are gone when they are discarded, and can be enqueued anew', async (opened) => {
      await setAside(opened, TOPIC, 'discarded');
      assert.equal(await opened.queue.discard(TOPIC, 'discarded'), true);
      assert.equal(await opened.queue.discard(TOPIC, 'discarded'), false);
      assert.deepEqual(await setAsideJobs(opened.queue), []);
      await opened.queue.enqueue(TOPIC, 'discarded');
      assert.equal(await opened.queue.depth(TOPIC), 1);
    });

    test('are the only ones that can be replayed or discarded', async ({ queue }) => {
      await queue.enqueue(TOPIC, 'waiting');
      for (const key of ['waiting', 'unknown']) {
        assert.equal(await queue.replay(TOPIC, key), false);
        assert.equal(await queue.discard(TOPIC, key), false);
      }
      assert.equal(await queue.depth(TOPIC), 1);
    });
  });
}

async function setAside(opened: OpenedWorkQueue, topic: string, key: string): Promise<void> {
  const recorder = new Recorder(opened, () => {
    throw new Error('hopeless');
  });
  const options = { ...OPTIONS, maxAttempts: 1 };
  const consumer = opened.queue.consume(topic, recorder.handler, options);
  await opened.queue.enqueue(topic, key);
  await untilDone(opened, topic);
  await consumer.close({ drainMs: 0 });
  await opened.elapse(2);
}
