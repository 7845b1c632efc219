import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BackingFullError, BackingUnavailableError } from '#backing/errors.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { RetryLaterError } from '#work-queue/port.ts';
import { backingFailuresRetried } from './retry-backing.ts';

describe('a job that a backing service fails', () => {
  const clock = new ManualClock();
  const failing = (error: Error) => backingFailuresRetried(clock, () => Promise.reject(error));

  it('comes again within seconds, however often it did before', async () => {
    for (const Failure of [BackingUnavailableError, BackingFullError]) {
      await assert.rejects(failing(new Failure('object-store', 'away')), (error) => {
        assert.ok(error instanceof RetryLaterError && error.notBefore);
        const pauseMs = error.notBefore.getTime() - clock.now().getTime();
        assert.ok(pauseMs >= 3_000 && pauseMs <= 6_000, `${pauseMs}`);
        return true;
      });
    }
  });

  it('is failed by nothing else', async () => {
    const surprise = new Error('surprise');
    await assert.rejects(failing(surprise), surprise);
    assert.equal(await backingFailuresRetried(clock, async () => 'done'), 'done');
  });
});
