import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { BackingUnavailableError } from '#backing/errors.ts';
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

export function describeConsumers(open: OpenWorkQueue): void {
  const test = testsOver(open);
  describe('consumers', () => {
    test('handle as many jobs at once as they may, and no more', async (opened) => {
      let running = 0;
      let most = 0;
      let finish = gate();
      const recorder = new Recorder(opened, async () => {
        running += 1;
        most = Math.max(most, running);
        await finish.opened;
        running -= 1;
      });
      opened.queue.consume(TOPIC, recorder.handler, { ...OPTIONS, concurrency: 3 });
      await Promise.all(
        Array.from({ length: 12 }, (_, index) => opened.queue.enqueue(TOPIC, `job-${index}`)),
      );
      for (let handled = 3; handled <= 12; handled += 3) {
        await until(opened, () => recorder.handled.length === handled);
        const wave = finish;
        finish = gate();
        wave.open();
      }
      await untilDone(opened);
      assert.equal(most, 3);
      assert.equal(new Set(recorder.keys).size, 12);
      assert.equal(recorder.keys.length, 12);
    });

    test('share the jobs of a topic, each job with one of them', async (opened) => {
      const recorder = new Recorder(opened);
      for (let consumers = 0; consumers < 3; consumers++) {
        opened.queue.consume(TOPIC, recorder.handler, OPTIONS);
      }
      const keys = Array.from({ length: 40 }, (_, index) => `job-${index}`);
      await Promise.all(keys.map((key) => opened.queue.enqueue(TOPIC, key)));
      await untilDone(opened);
      assert.deepEqual(recorder.keys.sort(), keys.sort());
    });

    test('when closed take nothing new, and wait for what is running', async (opened) => {
      const finish = gate();
      const recorder = new Recorder(opened, () => finish.opened);
      const consumer = opened.queue.consume(TOPIC, recorder.handler, OPTIONS);
      await opened.queue.enqueue(TOPIC, 'running');
      await until(opened, () => recorder.handled.length === 1);
      let closed = false;
      const closing = consumer.close({ drainMs: 60_000 }).then(() => {
        closed = true;
      });
      await opened.queue.enqueue(TOPIC, 'new');
      await opened.elapse(20);
      assert.equal(closed, false);
      assert.equal(recorder.handled[0]?.signal.aborted, false);
      finish.open();
      await closing;
      assert.deepEqual(recorder.keys, ['running']);
      assert.equal(await opened.queue.depth(TOPIC), 1);
      await consumer.close({ drainMs: 0 });
    });

    test('when closed give back what does not end in time, as if it had not been tried', async (opened) => {
      const hanging = new Recorder(opened, () => new Promise(() => {}));
      const consumer = opened.queue.consume(TOPIC, hanging.handler, OPTIONS);
      await opened.queue.enqueue(TOPIC, 'given-back');
      await until(opened, () => hanging.handled.length === 1);
      let closed = false;
      const closing = consumer.close({ drainMs: 50 }).then(() => {
        closed = true;
      });
      await until(opened, () => closed);
      await closing;
      assert.equal(hanging.handled[0]?.signal.aborted, true);
      assert.equal(await opened.queue.depth(TOPIC), 1);
      const next = new Recorder(opened);
      opened.queue.consume(TOPIC, next.handler, { ...OPTIONS, maxAttempts: 1 });
      await untilDone(opened);
      assert.deepEqual(next.keys, ['given-back']);
      assert.equal(next.handled[0]?.attempt, 1);
      assert.deepEqual(await setAsideJobs(opened.queue), []);
    });

    test('are closed with their queue, which aborts what is running', async (opened) => {
      const { queue } = opened;
      const hanging = new Recorder(opened, () => new Promise(() => {}));
      queue.consume(TOPIC, hanging.handler, OPTIONS);
      await queue.enqueue(TOPIC, 'running');
      await until(opened, () => hanging.handled.length === 1);
      await queue[Symbol.asyncDispose]();
      assert.equal(hanging.handled[0]?.signal.aborted, true);
      await queue[Symbol.asyncDispose]();
    });

    test('cannot be had, nor anything else, from a queue that is closed', async ({ queue }) => {
      await queue.check();
      await queue[Symbol.asyncDispose]();
      for (const call of [
        () => queue.enqueue(TOPIC, 'a'),
        () => setAsideJobs(queue),
        () => queue.replay(TOPIC, 'a'),
        () => queue.discard(TOPIC, 'a'),
        () => queue.depth(TOPIC),
        () => queue.check(),
        async () => queue.consume(TOPIC, async () => {}, OPTIONS),
      ]) {
        await assert.rejects(call, BackingUnavailableError);
      }
    });
  });
}
