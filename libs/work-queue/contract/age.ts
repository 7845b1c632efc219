import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { testsOver } from '#test/tests-over.ts';
import { PoisonJobError, RetryLaterError } from '../port.ts';
import { gate, OPTIONS, type OpenWorkQueue, Recorder, TOPIC, until } from './opened-queue.ts';

const AN_HOUR_MS = 3_600_000;

export function describeAge(open: OpenWorkQueue): void {
  const test = testsOver(open);
  describe('the age of a topic', () => {
    test('is that of the job that was enqueued first', async (opened) => {
      const { queue } = opened;
      const before = opened.now();
      await queue.enqueue(TOPIC, 'first');
      const after = opened.now();
      await opened.elapse(10);
      await queue.enqueue(TOPIC, 'second');
      await queue.enqueue('other-topic', 'third');
      const oldest = await queue.oldestDue(TOPIC);
      assert.ok(oldest && oldest >= before && oldest <= after);
      const other = await queue.oldestDue('other-topic');
      assert.ok(other && other > after);
    });

    test('is none if nothing is due', async (opened) => {
      const { queue } = opened;
      assert.equal(await queue.oldestDue(TOPIC), null);
      const notBefore = new Date(opened.now().getTime() + AN_HOUR_MS);
      await queue.enqueue(TOPIC, 'later', { notBefore });
      assert.equal(await queue.oldestDue(TOPIC), null);
    });

    test('leaves out jobs that run, that are to be tried again later, and that were set aside', async (opened) => {
      const { queue } = opened;
      const { opened: released, open: release } = gate();
      const notBefore = new Date(opened.now().getTime() + AN_HOUR_MS);
      const recorder = new Recorder(opened, async ({ key }) => {
        if (key === 'poison') {
          throw new PoisonJobError('no cargo');
        }
        if (key === 'absent') {
          throw new RetryLaterError('the peer said when', { notBefore });
        }
        await released;
      });
      for (const key of ['poison', 'absent', 'slow']) {
        await queue.enqueue(TOPIC, key);
      }
      queue.consume(TOPIC, recorder.handler, OPTIONS);
      await until(opened, async () => (await queue.depth(TOPIC)) === 2);
      await until(opened, () => recorder.handled.length === 3);
      await until(opened, async () => (await queue.oldestDue(TOPIC)) === null);
      release();
    });

    test('counts from the time before which a job was not to be handled', async (opened) => {
      const { queue } = opened;
      const notBefore = new Date(opened.now().getTime() + 30);
      await queue.enqueue(TOPIC, 'later', { notBefore });
      await until(opened, () => opened.now() > notBefore);
      assert.deepEqual(await queue.oldestDue(TOPIC), notBefore);
    });

    test('does so while other jobs of that time are handled', async (opened) => {
      const { queue } = opened;
      const { opened: released, open: release } = gate();
      const recorder = new Recorder(opened, () => released);
      const notBefore = new Date(opened.now().getTime() + 30);
      await queue.enqueue(TOPIC, 'one', { notBefore });
      await queue.enqueue(TOPIC, 'other', { notBefore });
      queue.consume(TOPIC, recorder.handler, { ...OPTIONS, concurrency: 1 });
      await until(opened, () => recorder.handled.length === 1);
      assert.deepEqual(await queue.oldestDue(TOPIC), notBefore);
      release();
    });

    test('counts from the time that a handler asked for', async (opened) => {
      const { queue } = opened;
      await queue.enqueue(TOPIC, 'told');
      const notBefore = new Date(opened.now().getTime() + AN_HOUR_MS / 2);
      const recorder = new Recorder(opened, () => {
        throw new RetryLaterError('the peer said when', { notBefore });
      });
      const consumer = queue.consume(TOPIC, recorder.handler, OPTIONS);
      await until(opened, () => recorder.handled.length === 1);
      await consumer.close({ drainMs: 10_000 });
      assert.equal(await queue.oldestDue(TOPIC), null);
      await using later = await opened.ahead(AN_HOUR_MS);
      assert.deepEqual(await later.oldestDue(TOPIC), notBefore);
    });
  });
}
