import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CourierReach } from './courier-reach.ts';
import { OVERSIZE, sizeClassOf } from './size-classes.ts';

const FITTING = 4_190_000;

function failedWith(...sizes: readonly number[]): CourierReach {
  const reach = new CourierReach();
  sizes.forEach((size) => void reach.failed(size));
  return reach;
}

describe('what a courier can carry', () => {
  it('is everything as long as nothing shows otherwise', () => {
    const reach = new CourierReach();
    assert.equal(reach.doubtfulFrom(FITTING), null);
    assert.ok(!reach.isBeyond(8_000_000));
  });

  it('is in doubt from the class on of what had a call in vain', () => {
    assert.equal(failedWith(900_000).doubtfulFrom(FITTING), sizeClassOf(900_000, FITTING));
    assert.equal(failedWith(5_000_000).doubtfulFrom(FITTING), OVERSIZE);
  });

  it('is less than what had three calls in vain', () => {
    assert.ok(!failedWith(900_000, 900_000).isBeyond(900_000));
    const reach = failedWith(900_000, 900_000, 900_000);
    assert.ok(reach.isBeyond(900_000));
    assert.ok(reach.isBeyond(2_000_000));
    assert.ok(!reach.isBeyond(899_999));
  });

  it('is less with each further call in vain, and from the sixth on less than their class', () => {
    const reach = failedWith(900_000, 900_000, 900_000, 800_000);
    assert.ok(reach.isBeyond(800_000));
    assert.ok(!reach.isBeyond(799_999));
    reach.failed(700_000);
    reach.failed(690_000);
    assert.ok(reach.isBeyond(524_289));
    assert.ok(!reach.isBeyond(524_288));
  });

  it('is never less than the smallest class: who does not get that gets nothing', () => {
    const reach = failedWith(16_384, 16_384, 16_384, 16_384, 16_384, 16_384);
    assert.equal(reach.doubtfulFrom(FITTING), null);
    assert.ok(!reach.isBeyond(16_384));
    const barely = failedWith(...new Array(6).fill(16_385));
    assert.ok(barely.isBeyond(16_385));
    assert.ok(!barely.isBeyond(16_384));
  });

  it('is unknown again once as much was acknowledged', () => {
    const reach = failedWith(900_000, 900_000);
    reach.carried(899_999);
    assert.notEqual(reach.doubtfulFrom(FITTING), null);
    reach.carried(900_000);
    assert.equal(reach.doubtfulFrom(FITTING), null);
    assert.deepEqual(reach.state, { octets: 0, calls: 0 });
  });

  it('is remembered', () => {
    const reach = failedWith(900_000, 800_000, 900_000);
    assert.ok(new CourierReach(reach.state).isBeyond(800_000));
  });
});
