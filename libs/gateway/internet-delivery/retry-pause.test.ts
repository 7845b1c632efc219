import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { retryPauseMs } from './retry-pause.ts';

describe('retryPauseMs', () => {
  it('doubles with each attempt, up to an hour', () => {
    const pauses = [1, 2, 3, 4, 9, 10, 1_000_000].map((attempt) => retryPauseMs(attempt, () => 0));
    assert.deepEqual(pauses, [10_000, 20_000, 40_000, 80_000, 2_560_000, 3_600_000, 3_600_000]);
  });

  it('is shortened at random by up to a half', () => {
    assert.equal(
      retryPauseMs(1, () => 1),
      5_000,
    );
  });
});
