import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ParcelBudget } from './parcel-budget.ts';

const { signal } = new AbortController();

describe('ParcelBudget', () => {
  it('lets parcels in while the largest would still fit', async () => {
    const budget = new ParcelBudget(100, 40);
    const first = await budget.reserve(signal);
    await budget.reserve(signal);
    let isIn = false;
    const third = budget.reserve(signal).then((reservation) => {
      isIn = true;
      return reservation;
    });
    first.shrinkTo(21);
    await Promise.resolve();
    assert.equal(isIn, false);
    first.shrinkTo(20);
    await third;
    assert.equal(budget.heldOctets, 100);
    first.release();
    first.release();
    assert.equal(budget.heldOctets, 80);
  });

  it('lets one in, however small it is', async () => {
    const budget = new ParcelBudget(1, 40);
    const first = await budget.reserve(signal);
    const second = budget.reserve(signal);
    first.release();
    (await second).release();
    assert.equal(budget.heldOctets, 0);
  });

  it('forgets who no longer waits', async () => {
    const budget = new ParcelBudget(40, 40);
    const first = await budget.reserve(signal);
    const aborter = new AbortController();
    const second = budget.reserve(aborter.signal);
    const third = budget.reserve(signal);
    const reason = new Error('stop');
    aborter.abort(reason);
    await assert.rejects(second, reason);
    first.release();
    (await third).release();
    assert.equal(budget.heldOctets, 0);
  });
});
