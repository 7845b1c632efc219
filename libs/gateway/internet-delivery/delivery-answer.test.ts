import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answerOfStatus } from './delivery-answer.ts';

const NOW = new Date('2026-01-01T00:00:00Z');

function retryAfterOf(header: string | undefined): number | null {
  const answer = answerOfStatus(503, header, NOW);
  return answer.outcome === 'failed' ? answer.retryAfterMs : null;
}

describe('answerOfStatus', () => {
  for (const status of [200, 202, 204, 299]) {
    it(`takes ${status} for delivered`, () => {
      assert.deepEqual(answerOfStatus(status, undefined, NOW), { outcome: 'delivered' });
    });
  }

  for (const status of [400, 401, 403, 404, 405, 413, 415, 422, 451, 499]) {
    it(`takes ${status} for a final refusal`, () => {
      const refused = { outcome: 'refused', reason: `http-${status}` };
      assert.deepEqual(answerOfStatus(status, undefined, NOW), refused);
    });
  }

  for (const status of [408, 425, 507, 300, 301, 302, 303, 304]) {
    it(`tries again after ${status}, without blaming the destination`, () => {
      assert.deepEqual(answerOfStatus(status, undefined, NOW), {
        outcome: 'failed',
        reason: `http-${status}`,
        destination: 'up',
        retryAfterMs: null,
      });
    });
  }

  for (const status of [500, 501, 502, 503, 504, 599]) {
    it(`takes ${status} for a destination in trouble`, () => {
      assert.deepEqual(answerOfStatus(status, undefined, NOW), {
        outcome: 'failed',
        reason: `http-${status}`,
        destination: 'down',
        retryAfterMs: null,
      });
    });
  }

  it('takes 429 for a destination that is well, but has enough of the sender', () => {
    assert.deepEqual(answerOfStatus(429, '120', NOW), {
      outcome: 'failed',
      reason: 'http-429',
      destination: 'up-for-others',
      retryAfterMs: 120_000,
    });
  });

  it('understands Retry-After in seconds and as a date, of a second or more', () => {
    assert.equal(retryAfterOf('120'), 120_000);
    assert.equal(retryAfterOf('Thu, 01 Jan 2026 00:05:00 GMT'), 300_000);
    assert.equal(retryAfterOf('0'), 1_000);
    assert.equal(retryAfterOf('Wed, 31 Dec 2025 00:00:00 GMT'), 1_000);
    assert.equal(retryAfterOf('999999999'), 999_999_999_000);
    assert.equal(retryAfterOf('99999999999999999999'), null);
    assert.equal(retryAfterOf('soon'), null);
    assert.equal(retryAfterOf(undefined), null);
  });
});
