import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { testsOver } from '#test/tests-over.ts';
import { type Consumer, type Job, RetryLaterError } from '../port.ts';
import {
  OPTIONS,
  type OpenedWorkQueue,
  type OpenWorkQueue,
  Recorder,
  TOPIC,
  until,
  untilDone,
} from './opened-queue.ts';

const AN_HOUR_MS = 3_600_000;
const ORDER = ['first', 'second', 'third'];

export function describeWaiting(open: OpenWorkQueue): void {
  const test = testsOver(open);
  describe('jobs that wait for something', () => {
    test('are due once it is there, so many at a time, those first that were due first', async (opened) => {
      const { queue } = opened;
      const recorder = await putBack(opened, ['third', 'first', 'second'], (key) => ({
        waitsFor: 'host',
        afterMs: 60_000 * ORDER.indexOf(key),
      }));
      assert.equal(await queue.hasten(TOPIC, 'host', 2), 2);
      await until(opened, () => recorder.keys.length === 5);
      assert.deepEqual(recorder.keys.slice(3).sort(), ['first', 'second']);
      // They are counted until it is written down that they ended.
      await until(opened, async () => (await queue.depth(TOPIC)) === 1);
      assert.equal(await queue.hasten(TOPIC, 'host', 10), 1);
      await untilDone(opened);
      assert.equal(recorder.keys.at(-1), 'third');
      assert.equal(await queue.hasten(TOPIC, 'host', 10), 0);
    });

    test('go on waiting while something else is there, or elsewhere', async (opened) => {
      const { queue } = opened;
      await putBack(opened, ['one', 'other'], (key) => ({
        waitsFor: key === 'one' ? 'a host: ü' : undefined,
      }));
      assert.equal(await queue.hasten(TOPIC, 'another host', 10), 0);
      assert.equal(await queue.hasten('other-topic', 'a host: ü', 10), 0);
      assert.equal(await queue.hasten(TOPIC, 'a host: ü', 10), 1);
    });

    test('wait no more once they were put back without', async (opened) => {
      const { queue } = opened;
      let attempts = 0;
      const handler = async () => {
        attempts += 1;
        const notBefore = new Date(opened.now().getTime() + AN_HOUR_MS);
        throw new RetryLaterError('not now', {
          notBefore,
          waitsFor: attempts === 1 ? 'host' : undefined,
        });
      };
      await queue.enqueue(TOPIC, 'fickle');
      for (const hastened of [1, 0]) {
        const consumer = queue.consume(TOPIC, handler, OPTIONS);
        await until(opened, () => attempts === 2 - hastened);
        await closed(opened, consumer);
        assert.equal(await queue.hasten(TOPIC, 'host', 1), hastened);
      }
      assert.equal(attempts, 2);
    });

    test('have not been tried if their handler says so', async (opened) => {
      const attempts: number[] = [];
      opened.queue.consume(
        TOPIC,
        async ({ attempt }) => {
          attempts.push(attempt);
          if (attempts.length < 6) {
            const isAttempt = attempts.length % 2 === 0;
            throw new RetryLaterError('not now', { isAttempt, notBefore: opened.now() });
          }
        },
        OPTIONS,
      );
      await opened.queue.enqueue(TOPIC, 'key');
      await untilDone(opened);
      assert.deepEqual(attempts, [1, 1, 2, 2, 3, 3]);
    });

    test('are spoken of to all consumers of the topic, also where none waits', async (opened) => {
      const told: string[] = [];
      const options = { ...OPTIONS, onHastened: (waitsFor: string) => void told.push(waitsFor) };
      opened.queue.consume(TOPIC, async () => {}, options);
      opened.queue.consume('other-topic', async () => {}, {
        ...OPTIONS,
        onHastened: () => assert.fail('another topic was told'),
      });
      assert.equal(await opened.queue.hasten(TOPIC, 'a host', 1), 0);
      await until(opened, () => told.includes('a host'));
    });
  });
}

async function closed(opened: OpenedWorkQueue, consumer: Consumer): Promise<void> {
  let isClosed = false;
  const closing = consumer.close({ drainMs: 60_000 }).then(() => {
    isClosed = true;
  });
  await until(opened, () => isClosed);
  await closing;
}

/** Enqueues jobs that their handler puts back when it first gets them. */
async function putBack(
  opened: OpenedWorkQueue,
  keys: readonly string[],
  how: (key: string) => { waitsFor?: string | undefined; afterMs?: number },
): Promise<Recorder> {
  const { queue } = opened;
  const work = ({ key, attempt }: Job) => {
    const { waitsFor, afterMs = 0 } = how(key);
    if (attempt === 1) {
      const notBefore = new Date(opened.now().getTime() + AN_HOUR_MS / 2 + afterMs);
      throw new RetryLaterError('not now', { notBefore, waitsFor });
    }
  };
  const recorder = new Recorder(opened, work);
  const consumer = queue.consume(TOPIC, recorder.handler, OPTIONS);
  for (const key of keys) {
    await queue.enqueue(TOPIC, key);
  }
  await until(opened, () => recorder.handled.length === keys.length);
  // When it is closed, it is written down how they ended.
  await closed(opened, consumer);
  queue.consume(TOPIC, recorder.handler, OPTIONS);
  return recorder;
}
