import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pauseAfter } from './backoff.ts';

const BACKOFF = { firstMs: 5_000, maxMs: 3_600_000 };
/** So that nothing is left out. */
const FULL = () => 1;

describe('pauseAfter', () => {
  it('doubles with each failure up to its maximum', () => {
    const pauses = [1, 2, 3, 10, 11, 12, 1_000_000].map((failures) =>
      pauseAfter(failures, BACKOFF, FULL),
    );
    const capped = [3_600_000, 3_600_000, 3_600_000];
    assert.deepEqual(pauses, [5_000, 10_000, 20_000, 2_560_000, ...capped]);
  });

  it('grows and is left out in part as it is told', () => {
    const backoff = { firstMs: 10_000, maxMs: 60_000, growth: 1.25, jitter: 0.25 };
    assert.equal(pauseAfter(3, backoff, FULL), 15_625);
    assert.equal(
      pauseAfter(1, backoff, () => 0),
      7_500,
    );
    assert.equal(pauseAfter(9, { ...backoff, jitter: 0 }), 59_605);
  });

  it('leaves out at most half', () => {
    for (const failures of [1, 2, 20]) {
      const fullMs = pauseAfter(failures, BACKOFF, FULL);
      assert.equal(
        pauseAfter(failures, BACKOFF, () => 0.5),
        fullMs * 0.75,
      );
      assert.equal(
        pauseAfter(failures, BACKOFF, () => 0),
        fullMs / 2,
      );
    }
  });

  it('is finite and whole after any number of failures', () => {
    for (const failures of [0, 1, 53, 1_000, 1_000_000]) {
      const pauseMs = pauseAfter(failures, BACKOFF, () => 0.123);
      assert.ok(Number.isSafeInteger(pauseMs) && pauseMs <= BACKOFF.maxMs);
    }
  });

  it('is random by itself', () => {
    const pauses = new Set(Array.from({ length: 20 }, () => pauseAfter(1, BACKOFF)));
    assert.ok(pauses.size > 1);
    assert.ok([...pauses].every((pauseMs) => pauseMs >= 2_500 && pauseMs <= 5_000));
  });
});
