import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { testsOver } from '#test/tests-over.ts';
import { type Job, PoisonJobError, RetryLaterError } from '../port.ts';
import {
  OPTIONS,
  type OpenWorkQueue,
  Recorder,
  setAsideJobs,
  TOPIC,
  until,
  untilDone,
} from './opened-queue.ts';

export function describeAttempts(open: OpenWorkQueue): void {
  const test = testsOver(open);
  describe('attempts', () => {
    test('are made again after a failure, until one succeeds', async (opened) => {
      const recorder = new Recorder(
        opened,
        failingUntil(3, () => new Error('not yet')),
      );
      opened.queue.consume(TOPIC, recorder.handler, OPTIONS);
      await opened.queue.enqueue(TOPIC, 'stubborn');
      await untilDone(opened);
      assert.deepEqual(
        recorder.handled.map(({ attempt }) => attempt),
        [1, 2, 3],
      );
      assert.deepEqual(await setAsideJobs(opened.queue), []);
    });

    test('end when as many failed as are allowed, and the job is set aside with the reason', async (opened) => {
      const start = opened.now();
      const recorder = new Recorder(opened, ({ attempt }) => {
        throw new Error(`failure ${attempt}`);
      });
      opened.queue.consume(TOPIC, recorder.handler, OPTIONS);
      await opened.queue.enqueue(TOPIC, 'hopeless');
      await untilDone(opened);
      assert.equal(recorder.handled.length, 3);
      const [job] = await setAsideJobs(opened.queue);
      assert.equal(job?.topic, TOPIC);
      assert.equal(job.key, 'hopeless');
      assert.equal(job.attempts, 3);
      assert.equal(job.reason, 'failure 3');
      assert.ok(job.setAsideAt >= start && job.setAsideAt <= opened.now());
    });

    test('that only want to come later do not count as failures', async (opened) => {
      const later = failingUntil(8, () => new RetryLaterError('the peer is away'));
      const recorder = new Recorder(opened, later);
      opened.queue.consume(TOPIC, recorder.handler, OPTIONS);
      await opened.queue.enqueue(TOPIC, 'patient');
      await untilDone(opened);
      assert.equal(recorder.handled.at(-1)?.attempt, 8);
      assert.deepEqual(await setAsideJobs(opened.queue), []);
    });

    test('end at once when the job can never succeed', async (opened) => {
      const recorder = new Recorder(opened, () => {
        throw new PoisonJobError('cannot be decrypted');
      });
      opened.queue.consume(TOPIC, recorder.handler, OPTIONS);
      await opened.queue.enqueue(TOPIC, 'poison');
      await untilDone(opened);
      const [job] = await setAsideJobs(opened.queue);
      assert.equal(recorder.handled.length, 1);
      assert.equal(job?.attempts, 1);
      assert.equal(job.reason, 'cannot be decrypted');
    });

    test('of one job disturb no other', async (opened) => {
      const recorder = new Recorder(opened, ({ key }) => {
        if (key.startsWith('bad')) {
          throw new Error('bad');
        }
      });
      opened.queue.consume(TOPIC, recorder.handler, { ...OPTIONS, concurrency: 1 });
      const keys = ['bad-1', 'good-1', 'bad-2', 'good-2'];
      await Promise.all(keys.map((key) => opened.queue.enqueue(TOPIC, key)));
      await untilDone(opened);
      assert.equal(recorder.timesOf('good-1'), 1);
      assert.equal(recorder.timesOf('good-2'), 1);
      assert.equal((await setAsideJobs(opened.queue)).length, 2);
    });

    test('that take too long are aborted, count as failures, and are made again', async (opened) => {
      const visibilityTimeoutMs = 100;
      const recorder = new Recorder(opened, ({ attempt }) =>
        attempt === 1 ? new Promise(() => {}) : undefined,
      );
      opened.queue.consume(TOPIC, recorder.handler, {
        ...OPTIONS,
        concurrency: 1,
        visibilityTimeoutMs,
      });
      const start = opened.now();
      await opened.queue.enqueue(TOPIC, 'hanging');
      await untilDone(opened);
      const [first, second] = recorder.handled;
      assert.equal(recorder.handled.length, 2);
      assert.equal(first?.signal.aborted, true);
      assert.equal(second?.attempt, 2);
      assert.ok(second.at.getTime() >= start.getTime() + visibilityTimeoutMs);
      assert.equal(second.signal.aborted, false);
    });

    test('that always take too long end with the job set aside', async (opened) => {
      const recorder = new Recorder(opened, () => new Promise(() => {}));
      const options = { ...OPTIONS, maxAttempts: 2, visibilityTimeoutMs: 50 };
      opened.queue.consume(TOPIC, recorder.handler, options);
      await opened.queue.enqueue(TOPIC, 'hanging');
      await until(opened, async () => (await setAsideJobs(opened.queue)).length === 1);
      assert.equal(recorder.handled.length, 2);
      assert.equal(await opened.queue.depth(TOPIC), 0);
    });
  });
}

function failingUntil(attempt: number, error: () => Error): (job: Job) => void {
  return (job) => {
    if (job.attempt < attempt) {
      throw error();
    }
  };
}
