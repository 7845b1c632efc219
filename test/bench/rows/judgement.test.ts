import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { judge } from './judgement.ts';
import type { Row, Turn } from './row.ts';

const QUIET = 0.02;
const BUSY = 1.01;

/** Turns with that ratio to a yardstick, which takes 10 ms unless told otherwise. */
function compared(ratios: readonly number[], more: Partial<Turn> = {}): Turn[] {
  const against = more.against ?? 10;
  return ratios.map((ratio) => ({ value: ratio * against, against, others: QUIET, ...more }));
}

function timed(values: readonly number[], others: number | null): Turn[] {
  return values.map((value) => ({ value, against: null, others }));
}

function rowOf(turns: readonly Turn[], more: Partial<Row> = {}): Row {
  return { name: 'work', unit: 'ms of CPU', against: 'the floor', mark: 1.25, turns, ...more };
}

describe('a row of the bench', () => {
  it('reaches its mark if the median of its turns does, whatever single ones say', () => {
    const { verdict, figure } = judge(rowOf(compared([1.1, 1.12, 1.9, 1.14, 1.13])));
    assert.equal(verdict, 'reached');
    assert.equal(Number(figure.toFixed(2)), 1.13);
  });

  it('reaches its mark also beside others', () => {
    const { verdict } = judge(rowOf(compared([1.2, 1.24, 1.22], { others: BUSY })));
    assert.equal(verdict, 'reached');
  });

  it('is judged by what a machine as fast as that of the marks would take', () => {
    const turns = timed([0.8, 0.79, 0.81], QUIET);
    const row = rowOf(turns, { against: null, mark: 0.5 });
    assert.equal(judge(row).verdict, 'missed');
    const paced = turns.map((turn) => ({ ...turn, pace: 1.6 }));
    assert.deepEqual(judge({ ...row, turns: paced }), {
      verdict: 'reached',
      figure: 0.5,
      isOpen: false,
    });
  });

  it('is compared with its yardstick alone, whatever the machine', () => {
    const turns = compared([1.3, 1.3, 1.3], { pace: 2 });
    assert.equal(judge(rowOf(turns)).verdict, 'missed');
  });

  it('misses its mark on a quiet machine, by however little', () => {
    const { verdict, isOpen } = judge(rowOf(compared([1.26, 1.26, 1.26])));
    assert.equal(verdict, 'missed');
    assert.equal(isOpen, true);
  });

  it('cannot be told beside others that explain the miss', () => {
    const { verdict, isOpen } = judge(rowOf(compared([1.4, 1.5, 1.45], { others: BUSY })));
    assert.equal(verdict, 'too busy to tell');
    assert.equal(isOpen, true);
  });

  it('misses its mark beside others that explain no such miss', () => {
    const { verdict, isOpen } = judge(rowOf(compared([2, 2.1, 1.95], { others: BUSY })));
    assert.equal(verdict, 'missed');
    assert.equal(isOpen, false);
  });

  it('is judged by its quiet turns, if half of them are', () => {
    const busy = compared([1.6, 1.6], { others: BUSY });
    assert.equal(judge(rowOf([...busy, ...compared([1.1, 1.1])])).verdict, 'reached');
    assert.equal(judge(rowOf([...busy, ...compared([1.3, 1.3])])).verdict, 'missed');
    assert.equal(judge(rowOf([...busy, ...compared([1.3])])).verdict, 'too busy to tell');
  });

  it('cannot be told where the yardstick itself went astray, as others may be unknown', () => {
    const astray = [10, 13, 14, 13].map((against) => ({
      value: against * 1.3,
      against,
      others: null,
    }));
    assert.equal(judge(rowOf(astray)).verdict, 'too busy to tell');
    const steady = astray.map((turn) => ({ ...turn, value: 13, against: 10 }));
    assert.equal(judge(rowOf(steady)).verdict, 'missed');
  });

  it('can be a small part of what it is measured against', () => {
    const row = { against: 'the peer library', mark: 1 / 40 };
    assert.equal(judge(rowOf(compared([1 / 41, 1 / 42, 1 / 39]), row)).verdict, 'reached');
    assert.equal(judge(rowOf(compared([1 / 39, 1 / 38, 1 / 41]), row)).verdict, 'missed');
  });

  it('may take longer beside others, but not for ever', () => {
    const row = { unit: 'ms', against: null, mark: 50 } as const;
    assert.equal(judge(rowOf(timed([200], BUSY), row)).verdict, 'too busy to tell');
    assert.equal(judge(rowOf(timed([300], BUSY), row)).verdict, 'missed');
    assert.equal(judge(rowOf(timed([60], QUIET), row)).verdict, 'missed');
  });

  it('may take longer beside others than what they delay less', () => {
    const row = { unit: 's', against: 'fetching one by one', mark: 1 / 15 } as const;
    const delayed = (others: number) => compared([1 / 7, 1 / 6.9, 1 / 13], { others });
    assert.equal(judge(rowOf(delayed(BUSY), row)).verdict, 'too busy to tell');
    assert.equal(judge(rowOf(delayed(QUIET), row)).verdict, 'missed');
  });

  it('may have no more memory and make no more calls, whoever else is there', () => {
    for (const unit of ['KiB', 'MiB', 'calls', 'connections'] as const) {
      const row = { unit, against: null, mark: 24 };
      const { verdict, isOpen } = judge(rowOf(timed([24.5], BUSY), row));
      assert.equal(verdict, 'missed', unit);
      assert.equal(isOpen, false, unit);
    }
  });

  it('without a mark is only told', () => {
    const { verdict, figure } = judge(rowOf(compared([3]), { mark: null }));
    assert.equal(verdict, 'told');
    assert.equal(figure, 3);
  });
});
