import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_BACKOFF, pauseAfter } from './backoff.ts';

const ALMOST_ONE = 1 - Number.EPSILON;

describe('pauseAfter', () => {
  it('doubles with each attempt up to its maximum', () => {
    const pauses = [1, 2, 3, 10, 11, 12].map((attempts) => pauseAfter(attempts, 0));
    assert.deepEqual(pauses, [5_000, 10_000, 20_000, 2_560_000, 3_600_000, 3_600_000]);
  });

  it('leaves out at most half', () => {
    for (const attempts of [1, 2, 20]) {
      const fullMs = pauseAfter(attempts, 0);
      assert.equal(pauseAfter(attempts, 0.5), fullMs * 0.75);
      assert.ok(pauseAfter(attempts, ALMOST_ONE) >= fullMs / 2);
      assert.ok(pauseAfter(attempts, ALMOST_ONE) <= fullMs / 2 + 1);
    }
  });

  it('is finite and whole after any number of attempts', () => {
    for (const attempts of [0, 1, 53, 1_000, 1_000_000]) {
      const pauseMs = pauseAfter(attempts, 0.123);
      assert.ok(Number.isSafeInteger(pauseMs) && pauseMs <= DEFAULT_BACKOFF.maxMs);
    }
  });

  it('keeps to other bounds where they are given', () => {
    assert.equal(pauseAfter(1, 0, { firstMs: 10, maxMs: 15 }), 10);
    assert.equal(pauseAfter(2, 0, { firstMs: 10, maxMs: 15 }), 15);
  });
});
