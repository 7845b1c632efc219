import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { Balancers } from './balancers.ts';

describe('Load balancers that ask', () => {
  let clock: ManualClock;
  let silent: string[];
  let balancers: Balancers;

  beforeEach(() => {
    clock = new ManualClock();
    silent = [];
    balancers = new Balancers(clock, (address) => silent.push(address));
  });

  /** Asks at an interval, for so long. */
  function ask(address: string, everyMs: number, forMs: number): void {
    for (let passedMs = 0; passedMs < forMs; passedMs += everyMs) {
      balancers.asked(address);
      clock.advance(everyMs);
    }
  }

  it('count while they do', () => {
    ask('10.0.0.1', 1_000, 60_000);
    balancers.asked('10.0.0.2');
    assert.equal(balancers.count, 2);
    assert.deepEqual(silent, []);
  });

  it('are gone, once, when they have not for five seconds', () => {
    ask('10.0.0.1', 1_000, 3_000);
    clock.advance(4_000);
    assert.deepEqual(silent, []);
    clock.advance(2_000);
    assert.deepEqual(silent, ['10.0.0.1']);
    assert.equal(balancers.isAsking('10.0.0.1'), false);
    clock.advance(600_000);
    assert.deepEqual(silent, ['10.0.0.1']);
    balancers.asked('10.0.0.1');
    assert.equal(balancers.isAsking('10.0.0.1'), true);
  });

  it('may ask less often', () => {
    ask('10.0.0.1', 30_000, 600_000);
    assert.deepEqual(silent, []);
    clock.advance(152_000);
    assert.deepEqual(silent, ['10.0.0.1']);
  });

  it('are given a minute after their first question', () => {
    balancers.asked('10.0.0.1');
    clock.advance(59_000);
    assert.deepEqual(silent, []);
    clock.advance(3_000);
    assert.deepEqual(silent, ['10.0.0.1']);
  });

  it('are no more than a thousand', () => {
    for (let index = 0; index < 1_100; index++) {
      balancers.asked(`10.0.${index >> 8}.${index & 255}`);
    }
    assert.equal(balancers.count, 1_000);
  });

  it('are forgotten when the process ends', () => {
    balancers.asked('10.0.0.1');
    balancers.stop();
    clock.advance(600_000);
    assert.deepEqual(silent, []);
    assert.equal(balancers.count, 0);
  });
});
