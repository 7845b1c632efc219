import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { ManualClock } from '#clock/manual-clock.ts';
import { FairLine, type Part } from './fair-line.ts';

const PATIENCE_MS = 2_000;

function setUp({ capacity = 2, mostWaiting = 2 } = {}) {
  const clock = new ManualClock();
  let givenWay = 0;
  const line = new FairLine({
    capacity,
    clock,
    patienceMs: PATIENCE_MS,
    mostWaiting,
    longestWaitMs: 5_000,
    onGivenWay: () => {
      givenWay += 1;
    },
  });
  const gaveWay: string[] = [];
  const { signal } = new AbortController();
  const take = (name: string, { amount = 1, who = name.split(' '), until = signal } = {}) =>
    line.take({ who, amount, giveWay: () => void gaveWay.push(name), signal: until });
  const part = async (name: string, amount = 1): Promise<Part> => {
    const taken = await take(name, { amount });
    assert.ok(taken);
    return taken;
  };
  return { clock, line, take, part, gaveWay, givenWay: () => givenWay };
}

/** What came of waiting so far. */
async function outcomes(...waiting: readonly Promise<Part | null>[]) {
  const seen = waiting.map(() => 'waits');
  waiting.forEach(async (one, index) => {
    seen[index] = await one.then(
      (part) => (part ? 'has it' : 'none'),
      () => 'ended',
    );
  });
  await setImmediate();
  return seen;
}

describe('FairLine', () => {
  it('lets a newcomer wait for what others have just begun, and gives it what becomes free', async () => {
    const { take, part, gaveWay } = setUp();
    const first = await part('a 1');
    await part('a 1');
    const newcomer = take('b 1');
    assert.deepEqual(await outcomes(newcomer), ['waits']);
    first.release();
    assert.deepEqual(await outcomes(newcomer), ['has it']);
    assert.deepEqual(gaveWay, []);
  });

  it('takes for a newcomer what was held for longer than the patience', async () => {
    const { clock, take, part, gaveWay, givenWay } = setUp();
    await part('a 1');
    clock.advance(1);
    await part('a 2');
    const newcomer = take('b 1');
    clock.advance(PATIENCE_MS - 1);
    assert.deepEqual(await outcomes(newcomer), ['has it']);
    assert.deepEqual(gaveWay, ['a 1']);
    assert.equal(givenWay(), 1);
  });

  it('takes nothing that was renewed', async () => {
    const { clock, take, part, gaveWay } = setUp({ capacity: 1 });
    const held = await part('a 1');
    clock.advance(PATIENCE_MS);
    held.renew();
    assert.deepEqual(await outcomes(take('b 1')), ['waits']);
    assert.deepEqual(gaveWay, []);
  });

  it('gives what becomes free to who holds least, however late they came', async () => {
    const { take, part } = setUp();
    const first = await part('a 1');
    await part('a 1');
    const greedy = take('a 1');
    const neighbour = take('a 2');
    first.release();
    assert.deepEqual(await outcomes(greedy, neighbour), ['waits', 'has it']);
  });

  it('sends away who has too many places to wait in, or has waited for too long', async () => {
    const { clock, take, part } = setUp({ capacity: 1 });
    const held = await part('c 1');
    const one = take('a 1');
    const two = take('a 1');
    const newcomer = take('b 1');
    assert.deepEqual(await outcomes(one, two, newcomer), ['none', 'waits', 'waits']);
    assert.deepEqual(await outcomes(take('a 1')), ['none']);
    for (let second = 0; second < 5; second++) {
      held.renew();
      clock.advance(1_000);
    }
    assert.deepEqual(await outcomes(two, newcomer), ['none', 'none']);
  });

  it('forgets who no longer wants to wait', async () => {
    const { line, take, part } = setUp({ capacity: 1 });
    await part('a 1');
    const leaving = new AbortController();
    const waiting = take('b 1', { until: leaving.signal });
    leaving.abort();
    assert.deepEqual(await outcomes(waiting), ['ended']);
    assert.equal(line.waiting, 0);
    await assert.rejects(take('b 1', { until: leaving.signal }));
  });

  it('gives others what a part no longer needs', async () => {
    const { line, take, part } = setUp({ capacity: 10 });
    const large = await part('a 1', 8);
    const waiting = take('b 1', { amount: 8 });
    large.shrink(2);
    assert.deepEqual(await outcomes(waiting), ['has it']);
    assert.equal(line.held, 10);
    large.release();
    large.release();
    assert.equal(line.held, 8);
  });

  it('serves one who wants more than there is once nobody else has any', async () => {
    const { line, take, part } = setUp({ capacity: 10 });
    const small = await part('a 1');
    const waiting = take('b 1', { amount: 100 });
    assert.deepEqual(await outcomes(waiting), ['waits']);
    small.release();
    assert.deepEqual(await outcomes(waiting), ['has it']);
    assert.equal(line.held, 10);
  });

  it('never gives more than there is, leaves nobody waiting for what is free, and forgets all', async () => {
    const step = fc.record({
      who: fc.constantFrom('a 1', 'a 2', 'b 1', 'c 1', 'c 2', 'c 3'),
      does: fc.constantFrom('take', 'take', 'release', 'renew', 'wait'),
      which: fc.nat(20),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { clock, line, take } = setUp({ capacity: 3, mostWaiting: 4 });
        const parts: Part[] = [];
        for (const { who, does, which } of steps) {
          const part = parts[which % Math.max(parts.length, 1)];
          if (does === 'take') {
            void take(who).then((taken) => taken && parts.push(taken));
          } else if (does === 'wait') {
            clock.advance(which * 100);
          } else {
            part?.[does as 'release' | 'renew']();
          }
          await setImmediate();
          assert.ok(line.held <= 3 && line.waiting <= 4);
          assert.ok(line.waiting === 0 || line.held === 3);
        }
        clock.advance(60_000);
        await setImmediate();
        for (let round = 0; round < 2; round++) {
          for (const part of parts) {
            part.release();
          }
          await setImmediate();
        }
        assert.deepEqual([line.held, line.waiting], [0, 0]);
      }),
    );
  });
});
