import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BackingUnavailableError } from '#backing/errors.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { clientPatience, patiently } from './client-patience.ts';

describe('The patience of Android', () => {
  it('is shared by all attempts: each gets what is left of it', async () => {
    const clock = new ManualClock();
    const patience = clientPatience({ 'user-agent': 'Ktor client' });
    const given: number[] = [];
    const attempts = patiently(patience, { clock, random: () => 0 }, async (withinMs) => {
      given.push(withinMs);
      clock.advance(2_000);
      throw new BackingUnavailableError('object-store', 'down');
    });
    attempts.catch(() => {});
    for (let turn = 0; turn < 20; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(50);
    }
    await assert.rejects(attempts, BackingUnavailableError);
    assert.equal(given[0], patience.storeWithinMs);
    assert.ok(given.length > 1);
    assert.ok(given.every((ms, index) => index === 0 || ms < (given[index - 1] ?? 0)));
    assert.ok(given.every((ms) => ms > 0));
  });
});
