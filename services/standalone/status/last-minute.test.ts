import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { ManualClock } from '#clock/manual-clock.ts';
import { ProcessMetrics } from '#runtime/metrics.ts';
import { LastMinute } from './last-minute.ts';

describe('LastMinute', () => {
  it('counts since the start, and from then on what is a minute old at most', async () => {
    const clock = new ManualClock();
    const metrics = new ProcessMetrics();
    using lastMinute = new LastMinute(clock, metrics);
    const wait = async (seconds: number) => {
      for (let passed = 0; passed < seconds; passed += 10) {
        clock.advance(10_000);
        await setImmediate();
      }
    };
    await setImmediate();
    metrics.gateway.parcelAccepted('poweb', 'gateway');
    metrics.gateway.parcelAccepted('cargo', 'internet');
    metrics.gateway.parcelRefused('pohttp', 'expired');
    const none = { collected: 0, delivered: 0, registered: 0 };
    assert.deepEqual(await lastMinute.counts(), { ...none, accepted: 2, refused: 1 });
    await wait(50);
    metrics.gateway.registered();
    assert.deepEqual(await lastMinute.counts(), {
      ...none,
      accepted: 2,
      refused: 1,
      registered: 1,
    });
    await wait(30);
    assert.deepEqual(await lastMinute.counts(), {
      ...none,
      accepted: 0,
      refused: 0,
      registered: 1,
    });
    await wait(60);
    assert.deepEqual(await lastMinute.counts(), { ...none, accepted: 0, refused: 0 });
  });
});
