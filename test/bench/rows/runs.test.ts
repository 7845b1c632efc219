import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Row } from './row.ts';
import { rowsOfRuns } from './runs.ts';

const QUIET = { others: () => 0.02 };
const BUSY = { others: () => 1.01 };

/** A case that gives these figures, of a row that may be 10 ms, or fails, in one run after the other. */
function caseOf(...figures: readonly (number | 'failure')[]) {
  return caseBeside(0, ...figures);
}

/** @param others - how many processors they use meanwhile */
function caseBeside(others: number, ...figures: readonly (number | 'failure')[]) {
  let run = 0;
  return {
    run: async (): Promise<readonly Row[]> => {
      const value = figures[run++] ?? assert.fail('it was run once more');
      if (value === 'failure') {
        throw new Error(`run ${run} failed`);
      }
      return [
        { name: 'fast', unit: 'ms', against: null, mark: 10, turns: [turn(1, others)] },
        { name: 'slow', unit: 'ms', against: null, mark: 10, turns: [turn(value, others)] },
      ];
    },
    get count() {
      return run;
    },
  };
}

function turn(value: number, others: number) {
  return { value, against: null, others };
}

function valuesOf(rows: readonly Row[], name: string): readonly number[] | undefined {
  return rows.find((row) => row.name === name)?.turns.map(({ value }) => value);
}

describe('a case of the bench', () => {
  it('is run once if all rows reach their marks', async () => {
    const { run } = caseOf(9);
    assert.deepEqual(valuesOf(await rowsOfRuns(run, 3, QUIET), 'slow'), [9]);
  });

  it('is run again while a row is near its mark, which all turns decide', async () => {
    const measured = caseOf(12, 11, 8);
    const rows = await rowsOfRuns(measured.run, 3, QUIET);
    assert.deepEqual(valuesOf(rows, 'slow'), [12, 11, 8]);
    assert.deepEqual(valuesOf(rows, 'fast'), [1, 1, 1]);
    assert.equal(measured.count, 3);
  });

  it('is not run again once the turns so far reach the mark', async () => {
    const { run } = caseOf(11, 7);
    assert.deepEqual(valuesOf(await rowsOfRuns(run, 3, QUIET), 'slow'), [11, 7]);
  });

  it('is not run again for a miss that no other run can mend', async () => {
    const { run } = caseOf(60);
    assert.deepEqual(valuesOf(await rowsOfRuns(run, 3, QUIET), 'slow'), [60]);
  });

  it('is run once more where others leave the verdict open, who would be beside a third run, too', async () => {
    const measured = caseBeside(1, 12, 11);
    const rows = await rowsOfRuns(measured.run, 3, BUSY);
    assert.deepEqual(valuesOf(rows, 'slow'), [12, 11]);
  });

  it('is run again if it fails beside others, and not if nobody else is there', async () => {
    const { run } = caseOf('failure', 9);
    assert.deepEqual(valuesOf(await rowsOfRuns(run, 3, BUSY), 'slow'), [9]);
    await assert.rejects(rowsOfRuns(caseOf('failure', 9).run, 3, QUIET), /run 1 failed/);
  });

  it('keeps the turns that it has, if it fails beside others when run again', async () => {
    const { run } = caseOf(12, 'failure', 8);
    assert.deepEqual(valuesOf(await rowsOfRuns(run, 3, BUSY), 'slow'), [12, 8]);
  });

  it('has failed if it fails beside others each time, or need not be run again', async () => {
    const { run } = caseOf('failure', 'failure', 'failure');
    await assert.rejects(rowsOfRuns(run, 3, BUSY), /run 3 failed/);
    await assert.rejects(rowsOfRuns(caseOf('failure').run, 1, BUSY), /run 1 failed/);
  });
});
