import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BackingUnavailableError } from '#backing/errors.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { inTime } from './in-time.ts';

describe('inTime', () => {
  it('answers as the work does', async () => {
    const clock = new ManualClock();
    assert.equal(await inTime(clock, 100, Promise.resolve(7)), 7);
    await assert.rejects(inTime(clock, 100, Promise.reject(new Error('broken'))), /broken/);
  });

  it('gives up on work that hangs, and does not mind how it ends', async () => {
    const clock = new ManualClock();
    const work = Promise.withResolvers<number>();
    const waiting = inTime(clock, 100, work.promise);
    clock.advance(100);
    await assert.rejects(waiting, BackingUnavailableError);
    work.reject(new Error('too late to matter'));
  });
});
