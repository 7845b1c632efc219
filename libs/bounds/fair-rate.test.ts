import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ManualClock } from '#clock/manual-clock.ts';
import { type Asker, FairRate } from './fair-rate.ts';

const PER_SECOND = 50;
const TICK_MS = 20;

/** Who asks, and how often in a tick on average. */
interface Asking {
  readonly perTick: number;
  /** Of the next request. */
  readonly asker: () => Asker;
}

const one = (name: string): Asker => ({ member: name, group: name });

function always(asker: Asker, perTick = 10): Asking {
  return { perTick, asker: () => asker };
}

/** Each request from somewhere else. */
function newcomers(perTick: number): Asking {
  let count = 0;
  return { perTick, asker: () => one(`newcomer ${count++}`) };
}

class Setting {
  readonly clock = new ManualClock();
  readonly rate: FairRate;

  constructor(perSecond = PER_SECOND) {
    this.rate = new FairRate(perSecond, this.clock);
  }

  /** @returns how many requests each had let through */
  run(seconds: number, all: readonly Asking[]): readonly number[] {
    const passed = all.map(() => 0);
    const due = all.map(() => 0);
    for (let tick = 0; tick < (seconds * 1_000) / TICK_MS; tick++) {
      for (const [index, { perTick, asker }] of all.entries()) {
        due[index] = (due[index] ?? 0) + perTick;
        for (; (due[index] ?? 0) >= 1; due[index] = (due[index] ?? 0) - 1) {
          passed[index] = (passed[index] ?? 0) + Number(this.rate.tryTake(asker()));
        }
      }
      this.clock.advance(TICK_MS);
    }
    return passed;
  }
}

function assertNear(actual: number | undefined, expected: number, tolerance = 0.15): void {
  assert.ok(Math.abs((actual ?? 0) - expected) <= expected * tolerance, `${actual}, ${expected}`);
}

describe('FairRate', () => {
  it('gives one who asks alone all of the rate, and more at once', () => {
    const setting = new Setting();
    const atOnce = Array.from({ length: 200 }, () => setting.rate.tryTake(one('alone')));
    const passed = atOnce.filter(Boolean).length;
    assert.ok(passed > 1.3 * PER_SECOND && passed <= 2 * PER_SECOND, `${passed}`);
    setting.run(20, [always(one('alone'))]);
    assertNear(setting.run(20, [always(one('alone'))])[0], 20 * PER_SECOND, 0.02);
  });

  it('never lets more through than the rate, and twice that at once', () => {
    const askers = fc.array(
      fc.record({ id: fc.nat(20), perTick: fc.double({ min: 0, max: 20, noNaN: true }) }),
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        askers,
        fc.nat(5),
        (perSecond, asking, seconds) => {
          const all = asking.map(({ id, perTick }) => always(one(`${id}`), perTick));
          const passed = new Setting(perSecond).run(seconds, all).reduce((a, b) => a + b, 0);
          assert.ok(passed <= perSecond * (seconds + 2));
        },
      ),
      { numRuns: 30 },
    );
  });

  it('lets newcomers through whom floods would keep out', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 10, max: 200 }),
        fc.double({ min: 0.1, max: 20, noNaN: true }),
        (floods, perSecond, perTick) => {
          const setting = new Setting(perSecond);
          const all = Array.from({ length: floods }, (_, flood) =>
            always(one(`${flood}`), perTick),
          );
          setting.run(30, all);
          // Half of what the rate allows, each from another network.
          const honest = newcomers((perSecond * TICK_MS) / 2_000);
          const passed = setting.run(20, [...all, honest]).at(-1) ?? 0;
          assert.ok(
            passed >= 0.95 * Math.floor(10 * perSecond - 1),
            `${passed} of ${10 * perSecond}`,
          );
        },
      ),
      { numRuns: 8 },
    );
  });

  it('gives all who want more the same, however often they ask', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 2, maxLength: 10 }),
        (speeds) => {
          const setting = new Setting();
          // Each asks for more than its part.
          const all = speeds.map((perTick, index) => always(one(`${index}`), perTick));
          setting.run(60, all);
          for (const passed of setting.run(60, all)) {
            assertNear(passed, (60 * PER_SECOND) / speeds.length);
          }
        },
      ),
      { numRuns: 8 },
    );
  });

  it('leaves to those who want more what others do not use', () => {
    const setting = new Setting();
    const all = [always(one('a')), always(one('b')), always(one('modest'), 0.1)];
    setting.run(60, all);
    const [a, b, modest] = setting.run(60, all);
    assertNear(modest, 300, 0.01);
    assertNear(a, (60 * PER_SECOND - 300) / 2, 0.05);
    assertNear(b, (60 * PER_SECOND - 300) / 2, 0.05);
  });

  it('gives a group of many members the same as one alone, and its members parts of it', () => {
    const setting = new Setting();
    const member = (name: string): Asker => ({ member: name, group: 'group' });
    const all = [
      always(one('alone')),
      always({ member: 'only', group: 'group of one' }),
      ...Array.from({ length: 4 }, (_, index) => always(member(`${index}`))),
    ];
    setting.run(60, all);
    const [alone = 0, only = 0, ...members] = setting.run(60, all);
    assertNear(only, alone, 0.05);
    const group = members.reduce((a, b) => a + b, 0);
    assert.ok(group >= alone && group < 1.4 * alone, `${group}, ${alone}`);
    for (const passed of members) {
      assertNear(passed, group / members.length);
    }
    assert.ok(setting.rate.tryTake({ member: 'late', group: 'group' }));
  });

  it('lets thousands of phones behind one address through at half the rate, beside a flood', () => {
    const setting = new Setting();
    const phones = 5_000;
    const crowd = always(one('crowd'), 5);
    setting.run(60, [always(one('flood'))]);
    const seconds = (phones / PER_SECOND) * 2.2;
    assert.ok((setting.run(seconds, [always(one('flood')), crowd])[1] ?? 0) >= phones);
  });

  it('forgets in a minute or two what somebody had', () => {
    const setting = new Setting();
    setting.run(60, [always(one('former'))]);
    setting.clock.advance(100_000);
    const all = [always(one('former')), always(one('new'))];
    const [former, fresh] = setting.run(10, all);
    assertNear(former, fresh ?? 0, 0.05);
  });

  it('shares even the least rate', () => {
    const setting = new Setting(1);
    const [flood, honest] = setting.run(600, [always(one('flood')), newcomers(0.005)]);
    assertNear(honest, 150, 0.05);
    assert.ok((flood ?? 0) > 300);
  });
});
