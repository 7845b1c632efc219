import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RetryLaterError } from '../port.ts';
import {
  gate,
  OPTIONS,
  type OpenedWorkQueue,
  type OpenWorkQueue,
  Recorder,
  setAsideJobs,
  TOPIC,
  until,
  untilDone,
} from './opened-queue.ts';

/** Long enough for a queue in real time to do a few things on a busy machine, in milliseconds. */
const AMPLE_MS = 1_000;
const A_YEAR_MS = 365 * 86_400_000;

export function describeTimes(open: OpenWorkQueue): void {
  describe('times', () => {
    it('are waited for before a job is handled', async () => {
      await using opened = await open();
      const recorder = new Recorder(opened);
      opened.queue.consume(TOPIC, recorder.handler, OPTIONS);
      const notBefore = inMs(opened, AMPLE_MS);
      await opened.queue.enqueue(TOPIC, 'later', { notBefore });
      await opened.queue.enqueue(TOPIC, 'now');
      await until(opened, async () => (await opened.queue.depth(TOPIC)) === 1);
      assert.deepEqual(recorder.keys, ['now']);
      await untilDone(opened);
      assert.equal(recorder.handled[1]?.key, 'later');
      assert.ok(recorder.handled[1].at >= notBefore);
    });

    it('in the past mean now', async () => {
      await using opened = await open();
      const recorder = new Recorder(opened);
      opened.queue.consume(TOPIC, recorder.handler, OPTIONS);
      await opened.queue.enqueue(TOPIC, 'overdue', { notBefore: new Date(0) });
      await untilDone(opened);
      assert.deepEqual(recorder.keys, ['overdue']);
    });

    it('that a handler asks for are waited for before its next attempt', async () => {
      await using opened = await open();
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

    it('that a clock set which was ahead are not waited for', async () => {
      await using opened = await open();
      const ahead = await opened.ahead(A_YEAR_MS);
      const future = new Date(opened.now().getTime() + A_YEAR_MS + AMPLE_MS);
      await ahead.enqueue(TOPIC, 'put off', { notBefore: future });
      await ahead[Symbol.asyncDispose]();
      const recorder = new Recorder(opened);
      opened.queue.consume(TOPIC, recorder.handler, OPTIONS);
      await untilDone(opened);
      assert.deepEqual(recorder.keys, ['put off']);
    });

    it('of a retry that a clock set which was ahead are not waited for', async () => {
      await using opened = await open();
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

    it('of expiry end a job that was never handled', async () => {
      await using opened = await open();
      await opened.queue.enqueue(TOPIC, 'brief', { expiresAt: inMs(opened, 50) });
      await opened.queue.enqueue(TOPIC, 'lasting', { expiresAt: inMs(opened, 3_600_000) });
      await opened.elapse(60);
      const recorder = new Recorder(opened);
      opened.queue.consume(TOPIC, recorder.handler, OPTIONS);
      await untilDone(opened);
      assert.deepEqual(recorder.keys, ['lasting']);
      assert.deepEqual(await setAsideJobs(opened.queue), []);
    });

    it('of expiry end a job that keeps asking for later', async () => {
      await using opened = await open();
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

    it('of expiry make room for the same job anew', async () => {
      await using opened = await open();
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
