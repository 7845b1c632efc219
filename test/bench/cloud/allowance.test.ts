import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { judge } from '../rows/judgement.ts';
import { callRows } from './allowance.ts';

const ALLOWANCE = {
  work: 'accept a parcel',
  pieces: 200,
  most: { 'gcs write': 1 },
  mostInAll: { 'gcs list of parcels': 2 },
};

function verdicts(asked: Record<string, number>, byClock: Record<string, number> = {}) {
  const calls = {
    asked: new Map(Object.entries(asked)),
    byClock: new Map(Object.entries(byClock)),
  };
  return callRows(ALLOWANCE, calls).map((row) => [row.name, judge(row).verdict, row.note ?? '']);
}

describe('the calls of an operation', () => {
  it('are held to what each piece, and all together, may ask', () => {
    assert.deepEqual(verdicts({ 'gcs write': 200, 'gcs list of parcels': 2 }), [
      ['accept a parcel: gcs write, each of 200', 'reached', ''],
      ['accept a parcel: gcs list of parcels, in all', 'reached', ''],
      ['accept a parcel: anything else', 'reached', ''],
    ]);
    assert.deepEqual(
      verdicts({ 'gcs write': 201, 'gcs list of parcels': 3 }).map(([, verdict]) => verdict),
      ['missed', 'missed', 'reached'],
    );
  });

  it('may be no others, which are named', () => {
    assert.deepEqual(verdicts({ 'gcs write': 200, 'gcs read': 1 }).at(-1), [
      'accept a parcel: anything else',
      'missed',
      '1 gcs read',
    ]);
  });

  it('are not those that a process makes by the clock, which are told', () => {
    assert.deepEqual(verdicts({ 'gcs write': 200 }, { 'redis set': 3 }).at(-1), [
      'accept a parcel: anything else',
      'reached',
      'by the clock 3 redis set',
    ]);
  });
});
