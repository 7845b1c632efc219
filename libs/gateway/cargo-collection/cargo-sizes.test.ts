import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CargoSizes } from './cargo-sizes.ts';

const limits = { firstCargoOctets: 256, minCargoOctets: 32, maxCargoOctets: 4_096 };
const PLENTY_MS = Number.POSITIVE_INFINITY;

/** Lets a courier acknowledge cargoes of the size asked for, one after the other. */
function simulate(
  sizes: CargoSizes,
  courier: { readonly msPerCargo: number; readonly octetsPerMs: number },
  cargoes: number,
): number[] {
  let nowMs = 1_000;
  return Array.from({ length: cargoes }, () => {
    const octets = sizes.target(PLENTY_MS);
    const sentAtMs = nowMs;
    nowMs += courier.msPerCargo + octets / courier.octetsPerMs;
    sizes.acknowledged(octets, sentAtMs, nowMs);
    return octets;
  });
}

describe('CargoSizes', () => {
  it('begins small and doubles for a quick courier, up to the bound', () => {
    const sizes = new CargoSizes(limits, 0);
    const asked = simulate(sizes, { msPerCargo: 1, octetsPerMs: 1_000 }, 7);
    assert.deepEqual(asked, [256, 512, 1_024, 2_048, 4_096, 4_096, 4_096]);
  });

  it('settles where a slow link takes between half a second and a second for each', () => {
    const sizes = new CargoSizes(limits, 0);
    const asked = simulate(sizes, { msPerCargo: 0, octetsPerMs: 1 }, 8);
    const last = asked.at(-1) ?? 0;
    assert.ok(last >= 500 && last <= 1_000, String(asked));
  });

  it('does not shrink without end for a courier that is slow with each, however small', () => {
    const sizes = new CargoSizes(limits, 2_048);
    const asked = simulate(sizes, { msPerCargo: 1_500, octetsPerMs: 1_000 }, 8);
    assert.equal(asked.at(-1), 256);
  });

  it('begins the next call with a quarter if nothing was acknowledged, down to the bound', () => {
    const hints: number[] = [];
    for (let hint = 0, call = 0; call < 4; call++) {
      hint = new CargoSizes(limits, hint).nextHint;
      hints.push(hint);
    }
    assert.deepEqual(hints, [64, 32, 32, 32]);
  });

  it('begins the next call where this one was', () => {
    const sizes = new CargoSizes(limits, 0);
    simulate(sizes, { msPerCargo: 1, octetsPerMs: 1_000 }, 2);
    assert.equal(new CargoSizes(limits, sizes.nextHint).target(PLENTY_MS), 1_024);
  });

  it('packs no more than half of what can be acknowledged in the time left', () => {
    const sizes = new CargoSizes(limits, 1_024);
    sizes.acknowledged(1_000, 0, 1_000);
    assert.equal(sizes.estimateMs(300), 300);
    assert.equal(sizes.target(400), 200);
    assert.equal(sizes.target(-5), limits.minCargoOctets);
  });

  it('does not take the way there and back of a small cargo for the speed of the link', () => {
    const sizes = new CargoSizes(limits, 0);
    sizes.acknowledged(100, 0, 100);
    assert.ok(sizes.hasAcknowledged && !sizes.isSpeedKnown);
    assert.equal(sizes.estimateMs(1_000_000), 0);
    assert.equal(sizes.nextHint, limits.firstCargoOctets);
    sizes.acknowledged(100, 1_000, 2_001);
    assert.ok(sizes.isSpeedKnown);
  });

  it('knows nothing before the first acknowledgement', () => {
    assert.equal(new CargoSizes(limits, 0).estimateMs(1_000_000), 0);
  });
});
