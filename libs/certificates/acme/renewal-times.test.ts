import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pauseAfterFailure } from './renewal-times.ts';

const HOUR_MS = 3_600_000;

describe('after a failed order', () => {
  for (const random of [0, 0.999]) {
    it(`another comes soon, but five at most in any hour (${random})`, () => {
      const times = [0];
      for (let failures = 1; failures < 30; failures++) {
        times.push((times.at(-1) ?? 0) + pauseAfterFailure(failures, null, () => random));
      }
      assert.ok((times[1] ?? 0) <= 5 * 60_000);
      for (const time of times) {
        const within = times.filter((other) => other >= time && other < time + HOUR_MS);
        assert.ok(within.length <= 5, `${within.length} from ${time}`);
      }
    });
  }

  it('the authority may ask for patience of a day, and no more', () => {
    const pauseMs = (retryAfterMs: number) => pauseAfterFailure(1, retryAfterMs, () => 0.5);
    assert.equal(pauseMs(10 * HOUR_MS), 10 * HOUR_MS);
    assert.equal(pauseMs(1_000 * HOUR_MS), 24 * HOUR_MS);
    assert.ok(pauseMs(1) > 60_000);
  });
});
