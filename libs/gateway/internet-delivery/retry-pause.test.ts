import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { retryPauseMs } from './retry-pause.ts';

describe('retryPauseMs', () => {
  it('doubles with each attempt, up to the longest', () => {
    const pauses = [1, 2, 3, 4, 5, 6, 1_000_000].map((attempt) =>
      retryPauseMs(attempt, 300_000, () => 0),
    );
    assert.deepEqual(pauses, [10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]);
  });

  it('is shortened at random by up to a half', () => {
    assert.equal(
      retryPauseMs(1, 300_000, () => 1),
      5_000,
    );
  });
});
