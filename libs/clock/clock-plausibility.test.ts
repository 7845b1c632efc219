import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Clock } from './clock.ts';
import { ClockPlausibility, WATCH_INTERVAL_MS } from './clock-plausibility.ts';

const BUILT = new Date('2026-06-01T00:00:00Z');
const TRUE_MS = Date.parse('2026-07-01T12:00:00Z');
const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;

/** A clock that can be set. */
class SetClock implements Clock {
  ms: number;

  constructor(ms: number) {
    this.ms = ms;
  }

  now(): Date {
    return new Date(this.ms);
  }

  elapsedMs(): number {
    throw new Error('only what it shows is to be judged');
  }

  schedule(): () => void {
    throw new Error('nothing is to be scheduled');
  }
}

function at(ms: number) {
  const clock = new SetClock(ms);
  const plausibility = new ClockPlausibility({ clock, notBefore: BUILT });
  /** Time passes, as it should, and is watched. */
  const pass = (passedMs: number) => {
    for (let passed = 0; passed < passedMs; passed += WATCH_INTERVAL_MS) {
      clock.ms += WATCH_INTERVAL_MS;
      plausibility.look();
    }
  };
  const hear = (theirsMs: number, by = 'a witness') =>
    plausibility.hear({ by, theirsMs, oursMs: clock.ms });
  return { clock, plausibility, pass, hear };
}

describe('a clock', () => {
  it('is in doubt before this release was made, whoever agrees with it', () => {
    const { clock, plausibility, hear } = at(BUILT.getTime() - 1);
    hear(clock.ms);
    assert.match(plausibility.doubt ?? '', /before 2026-06-01/);
    assert.equal(at(BUILT.getTime()).plausibility.doubt, null);
  });

  it('is in doubt while it is over five minutes from what a witness says', () => {
    const { clock, plausibility, hear } = at(TRUE_MS);
    hear(clock.ms - 5 * MINUTE_MS);
    assert.equal(plausibility.doubt, null);
    hear(clock.ms - 5 * MINUTE_MS - 1);
    assert.equal(plausibility.doubt, 'it is 300 s ahead of a witness');
    hear(clock.ms + 2 * DAY_MS);
    assert.equal(plausibility.doubt, 'it is 172800 s behind a witness');
    hear(clock.ms);
    assert.equal(plausibility.doubt, null);
  });

  it('is in doubt if one of several witnesses differs', () => {
    const { clock, plausibility, hear } = at(TRUE_MS);
    hear(clock.ms, 'one');
    hear(clock.ms - DAY_MS, 'another');
    assert.match(plausibility.doubt ?? '', /ahead of another/);
  });

  it('is believed again an hour after a witness was heard last', () => {
    const { clock, plausibility, hear, pass } = at(TRUE_MS);
    hear(clock.ms - DAY_MS);
    pass(59 * MINUTE_MS);
    assert.notEqual(plausibility.doubt, null);
    pass(MINUTE_MS);
    assert.equal(plausibility.doubt, null);
  });

  it('is in doubt from the moment when it is set, until a witness agrees', () => {
    for (const shiftMs of [DAY_MS, -DAY_MS]) {
      const { clock, plausibility, hear } = at(TRUE_MS);
      hear(clock.ms);
      clock.ms += shiftMs;
      assert.match(plausibility.doubt ?? '', /jumped/);
      plausibility.look();
      assert.match(plausibility.doubt ?? '', /jumped/);
      hear(clock.ms);
      assert.equal(plausibility.doubt, null);
    }
  });

  it('is believed an hour after it was set if there is no witness', () => {
    const { clock, plausibility, pass } = at(TRUE_MS);
    clock.ms += DAY_MS;
    plausibility.look();
    pass(59 * MINUTE_MS);
    assert.notEqual(plausibility.doubt, null);
    pass(MINUTE_MS);
    assert.equal(plausibility.doubt, null);
  });

  it('is in doubt while it is behind what it showed before, unless a witness agrees', () => {
    const { clock, plausibility, hear } = at(TRUE_MS);
    plausibility.remember(new Date(TRUE_MS + DAY_MS));
    assert.match(plausibility.doubt ?? '', /behind 2026-07-02T12:00:00.000Z/);
    hear(clock.ms);
    assert.equal(plausibility.doubt, null);
  });

  it('is believed after an hour in which it ran evenly, whatever it showed before', () => {
    const { plausibility, pass } = at(TRUE_MS);
    plausibility.remember(new Date('2099-01-01'));
    pass(59 * MINUTE_MS);
    assert.match(plausibility.doubt ?? '', /behind 2099/);
    pass(MINUTE_MS);
    assert.equal(plausibility.doubt, null);
  });

  it('must run evenly for another hour after it was set back meanwhile', () => {
    const { clock, plausibility, pass } = at(TRUE_MS);
    plausibility.remember(new Date('2099-01-01'));
    pass(30 * MINUTE_MS);
    clock.ms -= DAY_MS;
    plausibility.look();
    pass(59 * MINUTE_MS);
    assert.notEqual(plausibility.doubt, null);
    pass(MINUTE_MS);
    assert.equal(plausibility.doubt, null);
  });
});
