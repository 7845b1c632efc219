import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import { BackingUnavailableError } from './errors.ts';

const OUTAGE = new Error('outage');

describe('circuit breaker', () => {
  it('refuses calls after failures in a row, then lets one try, then all', async () => {
    const { clock, breaker, fail, succeed, calls } = setUp();
    await fail(3);
    await assert.rejects(
      breaker.run(succeed, () => true),
      BackingUnavailableError,
    );
    assert.equal(calls(), 3);
    clock.advance(2_000);
    await fail(1);
    await assert.rejects(
      breaker.run(succeed, () => true),
      BackingUnavailableError,
    );
    clock.advance(2_000);
    assert.equal(await breaker.run(succeed, () => true), 'done');
    assert.equal(await breaker.run(succeed, () => true), 'done');
  });

  it('lets only one of several calls try', async () => {
    const { clock, breaker, fail, succeed } = setUp();
    await fail(3);
    clock.advance(2_000);
    const outcomes = await Promise.allSettled(
      [1, 2, 3].map(() => breaker.run(succeed, () => true)),
    );
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
  });

  it('counts only failures of the service, and only those in a row', async () => {
    const { breaker, fail, succeed } = setUp();
    for (let round = 0; round < 3; round++) {
      await fail(2);
      await assert.rejects(
        breaker.run(
          () => Promise.reject(OUTAGE),
          () => false,
        ),
        OUTAGE,
      );
    }
    assert.equal(await breaker.run(succeed, () => true), 'done');
  });
});

function setUp() {
  const clock = new ManualClock();
  const breaker = new CircuitBreaker({ clock, backing: 'key-vault', failures: 3, openMs: 2_000 });
  let calls = 0;
  const fail = async (times: number) => {
    for (let index = 0; index < times; index++) {
      const call = () => {
        calls++;
        return Promise.reject(OUTAGE);
      };
      await assert.rejects(
        breaker.run(call, () => true),
        OUTAGE,
      );
    }
  };
  return { clock, breaker, fail, succeed: async () => 'done', calls: () => calls };
}
