import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { costOf } from './monthly-cost/cost.ts';
import { costTable, PHONES, PHONES_OF_A_MACHINE, rateTable } from './monthly-cost/table.ts';
import { usageOf } from './monthly-cost/usage.ts';

describe('the monthly cost', () => {
  it('is in docs/scaling.md as it is calculated', async () => {
    const path = join(import.meta.dirname, '../docs/scaling.md');
    const text = await readFile(path, 'utf8');
    assert.ok(
      text.includes(rateTable()),
      'run npx node scripts/monthly-cost.ts, and copy its tables',
    );
    assert.ok(
      text.includes(costTable()),
      'run npx node scripts/monthly-cost.ts, and copy its tables',
    );
  });

  it('of each phone is less the more phones there are', () => {
    const each = PHONES.map(
      (phones) => costOf(usageOf(phones)).reduce((sum, { dollars }) => sum + dollars, 0) / phones,
    );
    assert.deepEqual(
      each.toSorted((a, b) => b - a),
      each,
    );
  });

  it('of a small cloud is 40 dollars at most', () => {
    const lines = costOf(usageOf(PHONES_OF_A_MACHINE, 'machine'));
    const sum = lines.reduce((dollars, line) => dollars + line.dollars, 0);
    assert.ok(sum < 40, `${sum}`);
    assert.ok(sum > 15, 'the machine is in it');
  });

  it('of traffic is by steps, each for what exceeds the one before', () => {
    const usage = { ...usageOf(1), egressGibibytes: 1_024 + 10 };
    const [traffic] = costOf(usage).slice(-1);
    assert.equal(traffic?.dollars.toFixed(2), (1_024 * 0.12 + 10 * 0.11).toFixed(2));
  });
});
