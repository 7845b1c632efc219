import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Budget, SMALL_OCTETS } from './budget.ts';

const NEVER = new AbortController().signal;

/** Notes in `granted` when the reservation is had. */
function reserve(budget: Budget, octets: number, granted: number[]) {
  return budget.acquire(octets, NEVER).then((release) => {
    granted.push(octets);
    return release;
  });
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('Budget', () => {
  it('grants what fits', async () => {
    const budget = new Budget(10);
    await Promise.all([budget.acquire(6, NEVER), budget.acquire(4, NEVER)]);
    assert.equal(budget.held, 10);
  });

  it('lets a request wait until enough was given back', async () => {
    const budget = new Budget(10);
    const granted: number[] = [];
    const first = await reserve(budget, 6, granted);
    const second = await reserve(budget, 4, granted);
    void reserve(budget, 8, granted);
    second();
    await settled();
    assert.deepEqual(granted, [6, 4]);
    first();
    await settled();
    assert.deepEqual(granted, [6, 4, 8]);
    assert.equal(budget.held, 8);
  });

  it('serves in the order of the requests, also where a later one would fit', async () => {
    const budget = new Budget(10);
    const granted: number[] = [];
    const release = await reserve(budget, 6, granted);
    void reserve(budget, 9, granted);
    void reserve(budget, 1, granted);
    await settled();
    assert.deepEqual(granted, [6]);
    release();
    await settled();
    assert.deepEqual(granted, [6, 9, 1]);
  });

  it('grants a request larger than the whole budget when nothing else is held', async () => {
    const budget = new Budget(10);
    const granted: number[] = [];
    const release = await reserve(budget, 1, granted);
    const waiting = reserve(budget, 1_000, granted);
    await settled();
    assert.deepEqual(granted, [1]);
    release();
    (await waiting)();
    assert.equal(budget.held, 0);
  });

  it('takes a reservation back only once', async () => {
    const budget = new Budget(10);
    const release = await budget.acquire(4, NEVER);
    await budget.acquire(4, NEVER);
    release();
    release();
    assert.equal(budget.held, 4);
  });

  it('refuses with the reason of a signal that is aborted already', async () => {
    const budget = new Budget(10);
    const reason = new Error('gone');
    await assert.rejects(budget.acquire(1, AbortSignal.abort(reason)), reason);
    assert.equal(budget.held, 0);
  });

  it('serves the next when the one before gives up', async () => {
    const budget = new Budget(10);
    const granted: number[] = [];
    const impatience = new AbortController();
    await reserve(budget, 6, granted);
    const givenUp = budget.acquire(9, impatience.signal);
    void reserve(budget, 4, granted);
    const reason = new Error('gone');
    impatience.abort(reason);
    await assert.rejects(givenUp, reason);
    await settled();
    assert.deepEqual(granted, [6, 4]);
  });

  it('leaves no listener on the signal', async () => {
    const budget = new Budget(10);
    const { signal } = new AbortController();
    const release = await budget.acquire(10, signal);
    const waiting = budget.acquire(10, signal);
    release();
    await waiting;
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });

  it('gives what is merely useful only if there is room and nobody waits', async () => {
    const budget = new Budget(10);
    const useful = budget.tryAcquire(6);
    assert.ok(useful);
    assert.equal(budget.tryAcquire(5), null);
    const needed = budget.acquire(5, NEVER);
    assert.equal(budget.tryAcquire(1), null);
    useful();
    await needed;
    assert.ok(budget.tryAcquire(5));
    assert.equal(budget.held, 10);
  });

  it('serves small requests while large ones take all the rest, and wait', async () => {
    const [large, small] = [SMALL_OCTETS + 1, SMALL_OCTETS];
    const budget = new Budget(large + small, { forSmall: small });
    const granted: number[] = [];
    const releaseLarge = await reserve(budget, large, granted);
    void reserve(budget, large, granted);
    const releaseSmall = await reserve(budget, small, granted);
    void reserve(budget, small, granted);
    await settled();
    assert.deepEqual(granted, [large, small]);
    releaseSmall();
    await settled();
    assert.deepEqual(granted, [large, small, small]);
    releaseLarge();
    await settled();
    assert.deepEqual(granted, [large, small, small, large]);
    assert.equal(budget.held, large + small);
  });

  it('serves small requests from what is free for all, too', async () => {
    const budget = new Budget(10, { forSmall: 4 });
    const granted: number[] = [];
    await Promise.all([3, 3, 2, 2].map((octets) => reserve(budget, octets, granted)));
    assert.equal(budget.held, 10);
  });

  it('keeps what is not given back, and lets others in as soon as there is room', async () => {
    const budget = new Budget(100);
    const release = await budget.acquire(40, NEVER);
    await budget.acquire(40, NEVER);
    const granted: number[] = [];
    void reserve(budget, 40, granted);
    release(21);
    await settled();
    assert.deepEqual(granted, []);
    release(20);
    await settled();
    assert.deepEqual(granted, [40]);
    assert.equal(budget.held, 100);
    release(30);
    assert.equal(budget.held, 100);
    release();
    release();
    assert.equal(budget.held, 80);
  });

  it('refuses at once when as many wait as may', async () => {
    const full = new Error('full');
    const budget = new Budget(1, { waiting: { max: 1, tooMany: () => full } });
    const release = await budget.acquire(1);
    const second = budget.acquire(1);
    await assert.rejects(budget.acquire(1), full);
    release();
    const third = budget.acquire(1);
    (await second)();
    (await third)();
    assert.equal(budget.held, 0);
  });

  it('never grants more than there is, and has everything back in the end', async () => {
    const sizes = fc.array(fc.nat({ max: 20 }), { minLength: 1, maxLength: 30 });
    const share = fc.nat({ max: 14 });
    await fc.assert(
      fc.asyncProperty(sizes, share, fc.infiniteStream(fc.nat()), async (...given) => {
        const [requests, forSmall, choices] = given;
        const budget = new Budget(15, { forSmall });
        const held: (() => void)[] = [];
        for (const octets of requests) {
          void budget.acquire(octets, NEVER).then((release) => held.push(release));
        }
        for (let returned = 0; returned < requests.length; returned++) {
          await settled();
          assert.ok(budget.held <= 15);
          const [release] = held.splice((choices.next().value ?? 0) % held.length, 1);
          release?.();
        }
        assert.equal(budget.held, 0);
      }),
      { seed: 1, numRuns: 100 },
    );
  });
});
