import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { testsOver } from '#test/tests-over.ts';
import {
  gate,
  OPTIONS,
  type OpenWorkQueue,
  Recorder,
  setAsideJobs,
  TOPIC,
  until,
  untilDone,
} from './opened-queue.ts';

export function describeEnqueuing(open: OpenWorkQueue): void {
  const test = testsOver(open);
  describe('enqueuing', () => {
    test('brings each job to a handler once, enqueued before it consumes or after', async (opened) => {
      const { queue } = opened;
      const expiresAt = new Date(opened.now().getTime() + 3_600_000);
      await queue.enqueue(TOPIC, 'before', { expiresAt });
      const recorder = new Recorder(opened);
      queue.consume(TOPIC, recorder.handler, OPTIONS);
      await until(opened, () => recorder.handled.length === 1);
      await queue.enqueue(TOPIC, 'after');
      await untilDone(opened);
      const [before, after] = recorder.handled;
      assert.equal(recorder.handled.length, 2);
      assert.equal(before?.key, 'before');
      assert.equal(before.attempt, 1);
      assert.deepEqual(before.expiresAt, expiresAt);
      assert.equal(before.signal.aborted, false);
      assert.equal(after?.key, 'after');
      assert.equal(after.expiresAt, null);
    });

    test('takes any text for a key', async (opened) => {
      const recorder = new Recorder(opened);
      const keys = ['a/b.c', 'a:b', ' ', '0', '17', 'ü\u{1F600}', 'x'.repeat(1_024)];
      for (const key of keys) {
        await opened.queue.enqueue(TOPIC, key);
      }
      opened.queue.consume(TOPIC, recorder.handler, OPTIONS);
      await untilDone(opened);
      assert.deepEqual(recorder.keys.sort(), keys.sort());
    });

    test('changes nothing while the same job waits', async (opened) => {
      const recorder = new Recorder(opened);
      await Promise.all(Array.from({ length: 5 }, () => opened.queue.enqueue(TOPIC, 'same')));
      assert.equal(await opened.queue.depth(TOPIC), 1);
      opened.queue.consume(TOPIC, recorder.handler, OPTIONS);
      await untilDone(opened);
      assert.deepEqual(recorder.keys, ['same']);
    });

    test('changes nothing while the same job runs, and starts another once it is done', async (opened) => {
      const finish = gate();
      const recorder = new Recorder(opened, () => finish.opened);
      opened.queue.consume(TOPIC, recorder.handler, OPTIONS);
      await opened.queue.enqueue(TOPIC, 'same');
      await until(opened, () => recorder.handled.length === 1);
      await opened.queue.enqueue(TOPIC, 'same');
      assert.equal(await opened.queue.depth(TOPIC), 1);
      finish.open();
      await untilDone(opened);
      assert.deepEqual(recorder.keys, ['same']);
      await opened.queue.enqueue(TOPIC, 'same');
      await untilDone(opened);
      assert.deepEqual(recorder.keys, ['same', 'same']);
    });

    test('changes nothing while the same job is set aside', async (opened) => {
      const recorder = new Recorder(opened, () => {
        throw new Error('always');
      });
      opened.queue.consume(TOPIC, recorder.handler, { ...OPTIONS, maxAttempts: 1 });
      await opened.queue.enqueue(TOPIC, 'same');
      await untilDone(opened);
      await opened.queue.enqueue(TOPIC, 'same');
      await opened.elapse(20);
      assert.deepEqual(recorder.keys, ['same']);
      assert.equal((await setAsideJobs(opened.queue)).length, 1);
    });

    test('keeps the topics apart', async (opened) => {
      const one = new Recorder(opened);
      const other = new Recorder(opened);
      opened.queue.consume(TOPIC, one.handler, OPTIONS);
      opened.queue.consume('other-topic', other.handler, OPTIONS);
      await opened.queue.enqueue(TOPIC, 'same');
      await opened.queue.enqueue('other-topic', 'same');
      await opened.queue.enqueue('nobody-consumes', 'same');
      await untilDone(opened);
      await untilDone(opened, 'other-topic');
      assert.deepEqual(one.keys, ['same']);
      assert.deepEqual(other.keys, ['same']);
      assert.equal(await opened.queue.depth('nobody-consumes'), 1);
    });

    test('refuses topics, keys and times that are none, as the fault of the caller', async ({
      queue,
    }) => {
      for (const [topic, key] of [
        ['', 'key'],
        ['Topic', 'key'],
        ['a:b', 'key'],
        ['t'.repeat(41), 'key'],
        [TOPIC, ''],
        [TOPIC, 'x'.repeat(1_025)],
      ] as const) {
        await assert.rejects(queue.enqueue(topic, key), TypeError);
        await assert.rejects(queue.replay(topic, key), TypeError);
        await assert.rejects(queue.discard(topic, key), TypeError);
      }
      const notATime = new Date(Number.NaN);
      await assert.rejects(queue.enqueue(TOPIC, 'key', { notBefore: notATime }), TypeError);
      await assert.rejects(queue.enqueue(TOPIC, 'key', { expiresAt: notATime }), TypeError);
      await assert.rejects(queue.depth('Topic'), TypeError);
      await assert.rejects(queue.oldestDue('Topic'), TypeError);
      assert.throws(() => queue.consume('Topic', async () => {}, OPTIONS), TypeError);
    });
  });
}
