import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Row } from './row.ts';
import { rowsOfRuns } from './runs.ts';

/** A case that gives these figures, of a row that may be 10 ms, in one run after the other. */
function caseOf(...figures: readonly number[]) {
  const runs = figures.map((value): Row[] => [
    { name: 'fast', unit: 'ms', against: null, mark: 10, turns: [turn(1)] },
    { name: 'slow', unit: 'ms', against: null, mark: 10, turns: [turn(value)] },
  ]);
  let run = 0;
  return {
    run: async () => runs[run++] ?? assert.fail('it was run once more'),
    get count() {
      return run;
    },
  };
}

function turn(value: number) {
  return { value, against: null, others: 0 };
}

function valuesOf(rows: readonly Row[], name: string): readonly number[] | undefined {
  return rows.find((row) => row.name === name)?.turns.map(({ value }) => value);
}

describe('a case of the bench', () => {
  it('is run once if all rows reach their marks', async () => {
    const { run } = caseOf(9);
    assert.deepEqual(valuesOf(await rowsOfRuns(run, 3), 'slow'), [9]);
  });

  it('is run again while a row is near its mark, which all turns decide', async () => {
    const measured = caseOf(12, 11, 8);
    const rows = await rowsOfRuns(measured.run, 3);
    assert.deepEqual(valuesOf(rows, 'slow'), [12, 11, 8]);
    assert.deepEqual(valuesOf(rows, 'fast'), [1, 1, 1]);
    assert.equal(measured.count, 3);
  });

  it('is not run again once the turns so far reach the mark', async () => {
    const { run } = caseOf(11, 7);
    assert.deepEqual(valuesOf(await rowsOfRuns(run, 3), 'slow'), [11, 7]);
  });

  it('is not run again for a miss that no other run can mend', async () => {
    const { run } = caseOf(60);
    assert.deepEqual(valuesOf(await rowsOfRuns(run, 3), 'slow'), [60]);
  });
});
