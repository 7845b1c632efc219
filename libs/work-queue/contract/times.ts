import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { testsOver } from '#test/tests-over.ts';
import { RetryLaterError } from '../port.ts';
import {
  gate,
  OPTIONS,
  type OpenedWorkQueue,
  type OpenWorkQueue,
  Recorder,
  setAsideJobs,
  TOPIC,
  untilDone,
} from './opened-queue.ts';

/** Long enough for a queue in real time to do a few things on a busy machine, in milliseconds. */
const AMPLE_MS = 1_000;
const A_YEAR_MS = 365 * 86_400_000;

export function describeTimes(open: OpenWorkQueue): void {
  const test = testsOver(open);
  describe('times', () => {
    test('are waited for before a job is handled', async (opened) => {
      const recorder = new Recorder(opened);
      opened.queue.consume(TOPIC, recorder.handler, OPTIONS);
      const notBefore = inMs(opened, AMPLE_MS);
      await opened.queue.enqueue(TOPIC, 'later', { notBefore });
      await opened.queue.enqueue(TOPIC, 'now');
      await untilDone(opened);
      assert.deepEqual(recorder.keys, ['now', 'later']);
      assert.ok(recorder.handled[1] && recorder.handled[1].at >= notBefore);
    });

    test('in the past mean now', async (opened) => {
      const recorder = new Recorder(opened);
      opened.queue.consume(TOPIC, recorder.handler, OPTIONS);
      await opened.queue.enqueue(TOPIC, 'overdue', { notBefore: new Date(0) });
      await untilDone(opened);
      assert.deepEqual(recorder.keys, ['overdue']);
    });

    test('that a handler asks for are waited for before its next attempt', async (opened) => {
      const notBefore = inMs(opened, 150);
      const recorder = new Recorder(opened, ({ attempt }) => {
        if (attempt === 1) {
          throw new RetryLaterError('the peer said when', { notBefore });
        }
      });
      opened.queue.consume(TOPIC, recorder.handler, OPTIONS);
      await opened.queue.enqueue(TOPIC, 'told');
      await untilDone(opened);
      assert.equal(recorder.handled.length, 2);
      assert.ok((recorder.handled[1]?.at ?? 0) >= notBefore);
    });

    test('that a clock set which was ahead are not waited for', async (opened) => {
      const ahead = await opened.ahead(A_YEAR_MS);
      const future = new Date(opened.now().getTime() + A_YEAR_MS + AMPLE_MS);
      await ahead.enqueue(TOPIC, 'put off', { notBefore: future });
      await ahead[Symbol.asyncDispose]();
      const recorder = new Recorder(opened);
      opened.queue.consume(TOPIC, recorder.handler, OPTIONS);
      await untilDone(opened);
      assert.deepEqual(recorder.keys, ['put off']);
    });

    test('of a retry that a clock set which was ahead are not waited for', async (opened) => {
      const ahead = await opened.ahead(A_YEAR_MS);
      const failed = gate();
      const consumer = ahead.consume(
        TOPIC,
        async () => {
          failed.open();
          const notBefore = new Date(opened.now().getTime() + A_YEAR_MS + AMPLE_MS);
          throw new RetryLaterError('the peer said when', { notBefore });
        },
        OPTIONS,
      );
      await ahead.enqueue(TOPIC, 'told');
      await failed.opened;
      await consumer.close({ drainMs: AMPLE_MS });
      await ahead[Symbol.asyncDispose]();
      const recorder = new Recorder(opened);
      opened.queue.consume(TOPIC, recorder.handler, OPTIONS);
      await untilDone(opened);
      assert.deepEqual(recorder.keys, ['told']);
      assert.equal(recorder.handled[0]?.attempt, 2);
    });

    test('of expiry end a job that was never handled', async (opened) => {
      await opened.queue.enqueue(TOPIC, 'brief', { expiresAt: inMs(opened, 50) });
      await opened.queue.enqueue(TOPIC, 'lasting', { expiresAt: inMs(opened, 3_600_000) });
      await opened.elapse(60);
      const recorder = new Recorder(opened);
      opened.queue.consume(TOPIC, recorder.handler, OPTIONS);
      await untilDone(opened);
      assert.deepEqual(recorder.keys, ['lasting']);
      assert.deepEqual(await setAsideJobs(opened.queue), []);
    });

    test('of expiry end a job that keeps asking for later', async (opened) => {
      const recorder = new Recorder(opened, () => {
        throw new RetryLaterError('never there');
      });
      opened.queue.consume(TOPIC, recorder.handler, OPTIONS);
      const expiresAt = inMs(opened, AMPLE_MS);
      await opened.queue.enqueue(TOPIC, 'vain', { expiresAt });
      await untilDone(opened);
      assert.ok(recorder.handled.length > 1);
      assert.ok(recorder.handled.every(({ at }) => at < expiresAt));
      assert.deepEqual(await setAsideJobs(opened.queue), []);
    });

    test('of expiry make room for the same job anew', async (opened) => {
      const expiresAt = inMs(opened, 50);
      await opened.queue.enqueue(TOPIC, 'again', { notBefore: inMs(opened, 500), expiresAt });
      await opened.elapse(60);
      await opened.queue.enqueue(TOPIC, 'again');
      const recorder = new Recorder(opened);
      opened.queue.consume(TOPIC, recorder.handler, OPTIONS);
      await untilDone(opened);
      assert.deepEqual(recorder.keys, ['again']);
    });
  });
}

function inMs(opened: OpenedWorkQueue, ms: number): Date {
  return new Date(opened.now().getTime() + ms);
}
