import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BackingFullError, BackingUnavailableError } from '#backing/errors.ts';
import { silentLog } from '#log/log.ts';
import { queueStored } from './queue-stored.ts';

describe('queuing what is stored', () => {
  const stored = { topic: 'topic', key: 'key', expiresAt: new Date() } as const;
  const queueFailingWith = (error: Error) => ({ enqueue: () => Promise.reject(error) });

  it('is left to the sweeper while the queue is down or full', async () => {
    for (const error of [
      new BackingUnavailableError('work-queue', 'down'),
      new BackingFullError('work-queue', 'full'),
    ]) {
      await queueStored(stored, { queue: queueFailingWith(error), log: silentLog });
    }
  });

  it('fails with whatever nobody expects', async () => {
    const queue = queueFailingWith(new TypeError('a bug'));
    await assert.rejects(queueStored(stored, { queue, log: silentLog }), TypeError);
  });
});
