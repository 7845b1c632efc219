import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { type Admission, Destinations } from './destinations.ts';

const LIMITS = {
  maxConcurrent: 2,
  failuresToPause: 3,
  minPauseMs: 10_000,
  maxPauseMs: 60_000,
  maxTracked: 5,
};

function setUp() {
  const clock = new ManualClock();
  const destinations = new Destinations(clock, LIMITS, () => 1);
  const startMs = clock.now().getTime();
  return {
    clock,
    destinations,
    /** Milliseconds since the start of the test. */
    since: (date: Date) => date.getTime() - startMs,
    fail(address: string, times: number) {
      for (let count = 0; count < times; count++) {
        admitted(destinations.admit(address)).end('down');
      }
    },
  };
}

function admitted(admission: Admission | Date): Admission {
  assert.ok(!(admission instanceof Date), 'was sent away');
  return admission;
}

function sentAway(admission: Admission | Date): Date {
  assert.ok(admission instanceof Date, 'was admitted');
  return admission;
}

describe('Destinations', () => {
  it('admits so many to a destination at once, however many go elsewhere', () => {
    const { destinations } = setUp();
    const first = admitted(destinations.admit('a.example'));
    admitted(destinations.admit('a.example'));
    sentAway(destinations.admit('a.example'));
    admitted(destinations.admit('b.example'));
    first.end('up');
    admitted(destinations.admit('a.example'));
  });

  it('spreads those sent away from a busy destination over the time that it needs', () => {
    const { destinations, since } = setUp();
    admitted(destinations.admit('a.example'));
    admitted(destinations.admit('a.example'));
    const times = [1, 2, 3].map(() => since(sentAway(destinations.admit('a.example'))));
    assert.deepEqual(times, [250, 500, 750]);
    for (let count = 0; count < 1_000; count++) {
      destinations.admit('a.example');
    }
    assert.equal(since(sentAway(destinations.admit('a.example'))), 60_000);
  });

  it('leaves a destination alone after failures in a row, for growing times', () => {
    const { destinations, clock, since, fail } = setUp();
    fail('dead.example', 3);
    const back = sentAway(destinations.admit('dead.example'));
    assert.equal(since(back), 10_000);
    admitted(destinations.admit('live.example'));
    let pauseMs = LIMITS.minPauseMs;
    for (let tries = 0; tries < 15; tries++) {
      clock.advance(pauseMs - 1);
      sentAway(destinations.admit('dead.example'));
      clock.advance(1);
      admitted(destinations.admit('dead.example')).end('down');
      pauseMs = Math.ceil(Math.min(10_000 * 1.25 ** (tries + 1), LIMITS.maxPauseMs));
    }
  });

  it('tries again within a quarter of the time that an outage has lasted, and its first pause', () => {
    const { destinations, clock, since, fail } = setUp();
    fail('dead.example', 3);
    for (let lastedMs = 0; lastedMs < 240_000; lastedMs = since(clock.now())) {
      const back = sentAway(destinations.admit('dead.example'));
      const pauseMs = since(back) - lastedMs;
      assert.ok(pauseMs <= lastedMs / 4 + LIMITS.minPauseMs + 1, `${pauseMs} after ${lastedMs}`);
      clock.advance(pauseMs);
      admitted(destinations.admit('dead.example')).end('down');
    }
  });

  it('takes deliveries that failed together for one failure', () => {
    const { destinations, clock, since } = setUp();
    const wide = new Destinations(clock, { ...LIMITS, maxConcurrent: 20 }, () => 1);
    const together = Array.from({ length: 20 }, () => admitted(wide.admit('dead.example')));
    for (const admission of together) {
      admission.end('down');
    }
    assert.equal(since(sentAway(wide.admit('dead.example'))), 10_000);
    assert.equal(destinations.tracked, 0);
  });

  it('lets as many come as there are places, with each success, until none waits', () => {
    const { destinations, clock, fail } = setUp();
    fail('a.example', 3);
    clock.advance(10_000);
    const trial = admitted(destinations.admit('a.example'));
    sentAway(destinations.admit('a.example'));
    assert.equal(trial.end('up'), 2);
    destinations.moreMayWait('a.example');
    const [one, other] = [1, 2].map(() => admitted(destinations.admit('a.example')));
    assert.equal(one?.end('up'), 1);
    // Nobody said that more wait.
    assert.equal(other?.end('up'), 0);
    clock.advance(10_000);
    assert.equal(admitted(destinations.admit('a.example')).end('up'), 2);
  });

  it('lets none come after a failure, or while the destination wants to be left alone', () => {
    const { destinations } = setUp();
    const [one, other] = [1, 2].map(() => admitted(destinations.admit('a.example')));
    sentAway(destinations.admit('a.example'));
    assert.equal(one?.end('down'), 0);
    assert.equal(other?.end('up', 5_000), 0);
  });

  it('tries a destination by one parcel once it has answered another process', () => {
    const { destinations, fail } = setUp();
    fail('a.example', 3);
    sentAway(destinations.admit('a.example'));
    destinations.heardToAnswer('a.example');
    const trial = admitted(destinations.admit('a.example'));
    sentAway(destinations.admit('a.example'));
    trial.end('up');
    admitted(destinations.admit('a.example'));
    destinations.heardToAnswer('unknown.example');
    assert.equal(destinations.tracked, 1);
  });

  it('leaves a destination alone as it asked, whatever others are answered', () => {
    const { destinations, clock } = setUp();
    const [one, other] = [1, 2].map(() => admitted(destinations.admit('a.example')));
    one?.end('down', 30_000);
    other?.end('up');
    destinations.heardToAnswer('a.example');
    clock.advance(29_999);
    sentAway(destinations.admit('a.example'));
    clock.advance(1);
    admitted(destinations.admit('a.example'));
  });

  it('leaves no destination alone for longer than the longest pause, however long it asked', () => {
    const { destinations, clock } = setUp();
    admitted(destinations.admit('a.example')).end('down', 999_999_999_000);
    clock.advance(LIMITS.maxPauseMs - 1);
    sentAway(destinations.admit('a.example'));
    clock.advance(1);
    admitted(destinations.admit('a.example'));
  });

  it('leaves nobody alone for longer because the clock is set back', () => {
    const { destinations, clock, fail } = setUp();
    fail('a.example', 3);
    admitted(destinations.admit('b.example')).end('up', 30_000);
    clock.set(new Date(0));
    sentAway(destinations.admit('a.example'));
    clock.advance(30_000);
    admitted(destinations.admit('a.example'));
    admitted(destinations.admit('b.example'));
  });

  it('tries a destination that was left alone with one parcel at a time, until it answers', () => {
    const { destinations, clock, fail } = setUp();
    fail('dead.example', 3);
    clock.advance(10_000);
    const trial = admitted(destinations.admit('dead.example'));
    sentAway(destinations.admit('dead.example'));
    trial.end('up');
    admitted(destinations.admit('dead.example'));
    admitted(destinations.admit('dead.example'));
  });

  it('does not count failures that are not in a row', () => {
    const { destinations, fail } = setUp();
    fail('a.example', 2);
    admitted(destinations.admit('a.example')).end('up');
    fail('a.example', 2);
    admitted(destinations.admit('a.example'));
  });

  it('learns nothing from a delivery that did not get there', () => {
    const { destinations, fail } = setUp();
    fail('a.example', 2);
    for (let count = 0; count < 5; count++) {
      admitted(destinations.admit('a.example')).end('unknown');
    }
    admitted(destinations.admit('a.example')).end('down');
    sentAway(destinations.admit('a.example'));
  });

  it('leaves a destination alone for as long as it asks, within bounds', () => {
    const { destinations, clock } = setUp();
    admitted(destinations.admit('a.example')).end('up', 30_000);
    clock.advance(29_999);
    sentAway(destinations.admit('a.example'));
    clock.advance(1_000);
    admitted(destinations.admit('a.example')).end('up', 86_400_000);
    clock.advance(61_000);
    admitted(destinations.admit('a.example'));
  });

  it('forgets destinations that are well, and never remembers more than it may', () => {
    const { destinations, fail } = setUp();
    for (let count = 0; count < 100; count++) {
      admitted(destinations.admit(`well-${count}.example`)).end('up');
    }
    assert.equal(destinations.tracked, 0);
    for (let count = 0; count < 100; count++) {
      fail(`dead-${count}.example`, 3);
    }
    assert.equal(destinations.tracked, LIMITS.maxTracked);
  });
});
