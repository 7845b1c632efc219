import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { Budget, type Release } from './budget.ts';
import { DividedBudget } from './divided-budget.ts';

function setUp(capacity: number) {
  const clock = new ManualClock();
  const gaveWay: string[] = [];
  const counted: boolean[] = [];
  const budget = new Budget(capacity);
  const divided = new DividedBudget({
    budget,
    clock,
    idleMs: 1_000,
    onGivenWay: (isNarrowest) => counted.push(isNarrowest),
  });
  /** Gives all back once it must give way. */
  const open = (name: string, { network = name, standsStill = true, stillMs = 0 } = {}) => {
    const releases: Release[] = [];
    const held = divided.open({
      who: [network, name],
      stillMs: () => (standsStill ? 1_000 : stillMs),
      giveWay: () => {
        gaveWay.push(name);
        releases.forEach((release) => void release());
      },
    });
    const take = async (amount: number) => {
      releases.push(await held.acquire(amount));
    };
    return { held, take };
  };
  return { clock, budget, gaveWay, open, counted };
}

async function isPending(work: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  const turn = new Promise((resolve) => setImmediate(resolve, pending));
  return (await Promise.race([work, turn])) === pending;
}

describe('DividedBudget', () => {
  it('takes from who stands still and holds more, for one who waits', async () => {
    const { clock, open, gaveWay, counted, budget } = setUp(10);
    await open('still').take(8);
    const work = open('asker', { standsStill: false }).take(4);
    assert.ok(await isPending(work));
    clock.advance(0);
    await work;
    assert.deepEqual([gaveWay, counted, budget.held], [['still'], [true], 4]);
  });

  it('takes from nobody who gets on', async () => {
    const { clock, open, gaveWay } = setUp(10);
    await open('lively', { standsStill: false }).take(10);
    const work = open('asker', { standsStill: false }).take(4);
    clock.advance(10_000);
    assert.ok(await isPending(work));
    assert.deepEqual(gaveWay, []);
  });

  it('takes from the network that holds most by standing still, and there from the largest', async () => {
    const { clock, open, gaveWay } = setUp(20);
    await open('alone').take(6);
    await open('one of many', { network: 'many' }).take(4);
    await open('the largest of many', { network: 'many' }).take(5);
    await open('lively', { network: 'many', standsStill: false }).take(5);
    const work = open('asker', { standsStill: false }).take(5);
    clock.advance(0);
    await work;
    assert.deepEqual(gaveWay, ['the largest of many']);
  });

  it('takes from the slowest of a network that holds more, though it gets on, if that takes long', async () => {
    const { clock, open, gaveWay, counted } = setUp(20);
    await open('alone', { standsStill: false }).take(1);
    await open('slow', { network: 'many', standsStill: false, stillMs: 900 }).take(8);
    await open('fast', { network: 'many', standsStill: false }).take(11);
    clock.advance(1_000);
    const work = open('asker', { network: 'other', standsStill: false }).take(2);
    clock.advance(250);
    assert.ok(await isPending(work));
    clock.advance(750);
    await work;
    assert.deepEqual([gaveWay, counted], [['slow'], [false]]);
  });

  it('takes from nobody for one whose own network would hold as much', async () => {
    const { clock, open, gaveWay } = setUp(20);
    await open('one', { network: 'many', standsStill: false }).take(5);
    await open('another', { network: 'many', standsStill: false }).take(6);
    await open('neighbour', { network: 'own', standsStill: false }).take(9);
    const work = open('asker', { network: 'own', standsStill: false }).take(2);
    clock.advance(60_000);
    assert.ok(await isPending(work));
    assert.deepEqual(gaveWay, []);
  });

  it('takes from nobody for one who holds as much, or stands still too', async () => {
    const { clock, open, gaveWay } = setUp(10);
    await open('still').take(5);
    const [equal, still] = [open('equal', { standsStill: false }), open('also still')];
    await equal.take(5);
    const works = [equal.take(1), still.take(1)];
    clock.advance(10_000);
    assert.ok((await Promise.all(works.map(isPending))).every(Boolean));
    assert.deepEqual(gaveWay, []);
  });

  it('looks no further once the memory is had, or nobody wants it any more', async () => {
    const { clock, open } = setUp(10);
    const { held, take } = open('only');
    await take(10);
    const impatience = new AbortController();
    const work = held.acquire(1, impatience.signal);
    clock.advance(0);
    impatience.abort(new Error('gone'));
    await assert.rejects(work, /gone/);
    assert.equal(clock.advanceToNext(), false);
  });

  it('looks for all who wait at once, with one timer', async () => {
    const { clock, open, gaveWay } = setUp(10);
    await open('still').take(10);
    let scheduled = 0;
    const schedule = clock.schedule.bind(clock);
    clock.schedule = (ms, work) => {
      scheduled += 1;
      return schedule(ms, work);
    };
    const works = Array.from({ length: 10 }, (_, index) =>
      open(`asker ${index}`, { standsStill: false }).take(1),
    );
    assert.equal(scheduled, 1);
    clock.advance(0);
    await Promise.all(works);
    assert.deepEqual(gaveWay, ['still']);
  });

  it('looks four times a second, however often somebody begins to wait', async () => {
    const { clock, open, gaveWay } = setUp(10);
    await Promise.all([open('one').take(5), open('another').take(5)]);
    const first = open('first', { standsStill: false }).take(4);
    clock.advance(0);
    await first;
    const second = open('second', { standsStill: false }).take(4);
    clock.advance(249);
    assert.ok(await isPending(second));
    clock.advance(1);
    await second;
    assert.deepEqual(gaveWay, ['one', 'another']);
  });

  it('counts what is released in part', async () => {
    const { held } = setUp(10).open('only');
    const release = held.tryAcquire(6);
    release?.(2);
    assert.equal(held.held, 2);
    release?.();
    release?.();
    assert.equal(held.held, 0);
    assert.equal(held.tryAcquire(11), null);
  });
});
