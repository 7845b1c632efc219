import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Row } from './row.ts';
import { tableOf } from './table.ts';

const ACCEPT: Row = {
  name: 'accept a parcel',
  unit: 'ms of CPU',
  against: 'the peer library',
  mark: 1 / 40,
  turns: [
    { value: 0.2, against: 10, others: 0.01 },
    { value: 0.2, against: 10.4, others: 0.03 },
    { value: 0.2, against: 9.6, others: 0.02 },
  ],
};

const ROWS: readonly Row[] = [
  ACCEPT,
  {
    ...ACCEPT,
    against: 'the floor',
    mark: 1.25,
    turns: [{ value: 0.2, against: 0.1, others: 0.01 }],
  },
  {
    name: 'collectors',
    unit: 'KiB',
    against: null,
    mark: 24,
    turns: [{ value: 25.5, against: null, others: null }],
    note: 'of 5000',
  },
  {
    name: 'delivery',
    unit: 'ms',
    against: null,
    mark: 50,
    turns: [{ value: 70, against: null, others: 1 }],
  },
];

describe('the table of the bench', () => {
  it('has a line for each row: what it is held to, and by what evidence it is judged', () => {
    const [header, , ...lines] = tableOf(ROWS).map((line) => line.split(/ {2,}/));
    assert.deepEqual(header, [
      ...['work', 'measured', 'against', 'at most', 'is', 'verdict', 'evidence'],
    ]);
    assert.deepEqual(lines[0], [
      ...['accept a parcel', '0.2 ms of CPU', 'the peer library: 10', '1/40', '1/50', 'ok'],
      '3 turns, 1/52 to 1/48; beside 0.02 busy processors',
    ]);
    assert.deepEqual(lines[2], [
      ...['collectors', '25.5 KiB', '24 KiB', '25.5 KiB', 'MISSED', 'of 5000'],
    ]);
    assert.deepEqual(lines[3]?.slice(4), ['TOO BUSY TO TELL', 'beside 1 busy processors']);
  });

  it('says once what several rows have measured', () => {
    const [, , , line = ''] = tableOf(ROWS);
    assert.match(line, /^ +the floor: 0\.1 +1\.25× +2× +MISSED +beside/);
  });
});
