import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { excess } from './share-keeper.ts';

const PERIOD_MS = 10_000;

/** Looks of all processes until nobody moves anybody; whoever is moved goes to those with the fewest. */
function settle(loads: number[], balancers: number): { loads: number[]; looks: number } {
  for (let looks = 0; ; looks++) {
    const moved = loads.map((own, index) =>
      excess({ own, others: loads.toSpliced(index, 1), balancers }, PERIOD_MS),
    );
    if (moved.every((count) => count === 0)) {
      return { loads, looks };
    }
    for (const [index, count] of moved.entries()) {
      loads[index] = (loads[index] ?? 0) - count;
    }
    for (let left = moved.reduce((sum, each) => sum + each, 0); left > 0; left--) {
      const fewest = loads.indexOf(Math.min(...loads));
      loads[fewest] = (loads[fewest] ?? 0) + 1;
    }
  }
}

describe('The share of a process', () => {
  for (const [name, before] of [
    ['one process more', [5_000, 5_000, 5_000, 0]],
    ['twice as many', [4_000, 4_000, 4_000, 0, 0, 0]],
    ['the only one full', [10_000, 0, 0]],
    ['the last of a roll-out', [3_400, 3_300, 3_300, 1_000]],
    ['few', [40, 40, 0]],
  ] as const) {
    it(`is even within ten per cent after ten minutes: ${name}`, () => {
      const { loads, looks } = settle([...before], 3);
      const mean = loads.reduce((sum, each) => sum + each, 0) / loads.length;
      assert.ok(
        loads.every((each) => Math.abs(each - mean) <= Math.max(mean / 10, 3)),
        `${loads}`,
      );
      assert.ok(looks * PERIOD_MS <= 600_000, `${looks} looks`);
    });
  }

  it('is left as it is where it differs by no more than a twentieth, or one for each load balancer', () => {
    assert.equal(excess({ own: 1_050, others: [1_000, 950], balancers: 3 }, PERIOD_MS), 0);
    assert.equal(excess({ own: 6, others: [3, 0], balancers: 3 }, PERIOD_MS), 0);
    assert.equal(excess({ own: 8, others: [3, 0], balancers: 3 }, PERIOD_MS), 1);
  });

  it('is given away by those above the mean when only one is below it', () => {
    const others = [1_020, 1_020, 1_020, 800];
    assert.equal(excess({ own: 1_020, others, balancers: 3 }, PERIOD_MS), 44);
    assert.equal(excess({ own: 800, others: [1_020, 1_020], balancers: 3 }, PERIOD_MS), 0);
  });

  it('goes gently: a hundredth a second', () => {
    assert.equal(excess({ own: 5_000, others: [0], balancers: 3 }, PERIOD_MS), 500);
    assert.equal(excess({ own: 5_000, others: [0], balancers: 3 }, 1_000), 50);
    assert.equal(excess({ own: 5_000, others: [0], balancers: 3 }, 600_000), 2_500);
  });

  it('is whatever it is for one that is alone', () => {
    assert.equal(excess({ own: 5_000, others: [], balancers: 3 }, PERIOD_MS), 0);
  });
});
