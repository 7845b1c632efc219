import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Clock } from './clock.ts';
import { ManualClock } from './manual-clock.ts';
import { TimerWheel, type Waiting } from './timer-wheel.ts';

const TICK_MS = 20;
const TICKS = 16;
const TURN_MS = TICK_MS * TICKS;

/** A clock on a busy machine: alarms come only once time has passed all at once. */
class LateClock implements Clock {
  nowMs = 1_000_007;
  readonly alarms = new Map<() => void, number>();

  now(): Date {
    return new Date(this.nowMs);
  }

  elapsedMs(): number {
    return this.nowMs;
  }

  schedule(delayMs: number, action: () => void): () => void {
    const own = () => action();
    this.alarms.set(own, this.nowMs + delayMs);
    return () => void this.alarms.delete(own);
  }

  pass(ms: number): void {
    this.nowMs += ms;
    for (let due = this.#due(); due; due = this.#due()) {
      this.alarms.delete(due);
      due();
    }
  }

  #due(): (() => void) | undefined {
    return [...this.alarms].find(([, dueMs]) => dueMs <= this.nowMs)?.[0];
  }
}

/** What waits, in a list that is searched whole each time. */
class NaiveModel {
  readonly waiting: { name: number; dueMs: number; again: readonly number[] }[] = [];

  add(name: number, nowMs: number, [delayMs = 0, ...again]: readonly number[]): void {
    const nextTickMs = (Math.floor(nowMs / TICK_MS) + 1) * TICK_MS;
    const dueMs = Math.ceil((nowMs + delayMs) / TICK_MS) * TICK_MS;
    this.waiting.push({ name, dueMs: Math.max(dueMs, nextTickMs), again });
  }

  cancel(name: number): void {
    const index = this.waiting.findIndex((each) => each.name === name);
    if (index >= 0) {
      this.waiting.splice(index, 1);
    }
  }

  /** Whom the wheel must call now, by name. */
  called(nowMs: number): number[] {
    const due = this.waiting.filter(({ dueMs }) => dueMs <= nowMs);
    for (const { name, again } of due) {
      this.cancel(name);
      if (again.length > 0) {
        this.add(name, nowMs, again);
      }
    }
    return due.map(({ name }) => name).toSorted((a, b) => a - b);
  }
}

const delays = fc.array(fc.nat(3 * TURN_MS), { minLength: 1, maxLength: 4 });
const steps = fc.array(
  fc.oneof(
    fc.record({ add: delays }),
    fc.record({ cancel: fc.nat(30) }),
    fc.record({ pass: fc.oneof(fc.nat(3 * TICK_MS), fc.nat(3 * TURN_MS)) }),
  ),
  { maxLength: 80 },
);

describe('A wheel of timers', () => {
  it('calls whom a list searched whole would call, however late its alarm', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 5 }), (taken, mostAtOnce) => {
        const clock = new LateClock();
        const wheel = new TimerWheel(clock, { tickMs: TICK_MS, ticks: TICKS, mostAtOnce });
        const model = new NaiveModel();
        const waiting: Waiting[] = [];
        const called: number[] = [];
        const add = ([first = 0, ...again]: readonly number[]) => {
          const name = waiting.length;
          model.add(name, clock.nowMs, [first, ...again]);
          const fallDue = () => {
            called.push(name);
            return again.shift() ?? null;
          };
          waiting.push(wheel.add({ fallDue }, first));
        };
        const pass = (ms: number) => {
          clock.pass(ms);
          assert.deepEqual(
            called.splice(0).toSorted((a, b) => a - b),
            model.called(clock.nowMs),
          );
          assert.ok(clock.alarms.size <= 1, 'several alarms');
        };
        for (const step of taken) {
          if ('add' in step) {
            add(step.add);
          } else if ('cancel' in step) {
            waiting[step.cancel]?.cancel();
            model.cancel(step.cancel);
          } else {
            pass(step.pass);
          }
        }
        for (let turn = 0; turn < 20; turn++) {
          pass(TURN_MS);
        }
        assert.deepEqual([model.waiting, clock.alarms.size], [[], 0]);
      }),
    );
  });

  it('calls nobody early, and nobody over a tick late, on a clock in time', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3 * TURN_MS), { maxLength: 50 }), (all) => {
        const clock = new ManualClock(new Date(13));
        const wheel = new TimerWheel(clock, { tickMs: TICK_MS, ticks: TICKS, mostAtOnce: 2 });
        const late = all.map(() => Number.NaN);
        for (const [index, delayMs] of all.entries()) {
          const dueMs = clock.elapsedMs() + delayMs;
          const fallDue = () => {
            late[index] = clock.elapsedMs() - dueMs;
            return null;
          };
          wheel.add({ fallDue }, delayMs);
          clock.advance(1);
        }
        clock.advance(4 * TURN_MS);
        assert.ok(
          late.every((ms) => ms >= 0 && ms <= TICK_MS),
          `late by ${late}`,
        );
      }),
    );
  });

  it('lets others have their turn amid many that are due at once, and goes on then', () => {
    const clock = new LateClock();
    const wheel = new TimerWheel(clock, { tickMs: TICK_MS, ticks: TICKS, mostAtOnce: 3 });
    let called = 0;
    for (let added = 0; added < 7; added++) {
      const fallDue = () => {
        called++;
        return null;
      };
      wheel.add({ fallDue }, 5);
    }
    const alarm = () => {
      const [next] = clock.alarms.keys();
      assert.ok(next);
      clock.alarms.delete(next);
      next();
      return called;
    };
    clock.nowMs += TICK_MS;
    assert.deepEqual([alarm(), alarm(), alarm(), clock.alarms.size], [3, 6, 7, 0]);
  });

  it('heeds what a call cancels or adds, itself included', () => {
    const clock = new ManualClock();
    const wheel = new TimerWheel(clock, { tickMs: TICK_MS, ticks: TICKS, mostAtOnce: 9 });
    const called: string[] = [];
    const note = (name: string) => ({
      fallDue() {
        called.push(name);
        return null;
      },
    });
    const first = wheel.add(
      {
        fallDue() {
          called.push('first');
          second.cancel();
          first.cancel();
          wheel.add(note('third'), 0);
          return 10;
        },
      },
      10,
    );
    const second = wheel.add(note('second'), 10);
    clock.advance(TICK_MS);
    assert.deepEqual(called, ['first']);
    clock.advance(TURN_MS);
    assert.deepEqual(called, ['first', 'third']);
    assert.equal(clock.advanceToNext(), false);
  });

  it('goes by its alarms where the clock stands still meanwhile', () => {
    const clock = new LateClock();
    const wheel = new TimerWheel(clock, { tickMs: TICK_MS, ticks: TICKS, mostAtOnce: 9 });
    let called = 0;
    wheel.add({ fallDue: () => (++called < 3 ? 100 : null) }, 100);
    for (let alarm = 1; alarm <= 3; alarm++) {
      const [next] = clock.alarms.keys();
      assert.ok(next);
      clock.alarms.delete(next);
      next();
      assert.equal(called, alarm);
    }
    assert.equal(clock.alarms.size, 0);
  });
});
