import assert from 'node:assert/strict';
import process from 'node:process';
import { after, describe, it } from 'node:test';
import { tableOf } from './outcome-table.ts';
import { ROWS } from './rows.ts';
import { assertWithstood, type Outcome, undergo } from './under-attack.ts';

describe('A gateway in a process of its own serves honest clients, and stays within its limits', {
  skip: process.platform !== 'linux' && 'only Linux tells what another process takes',
}, () => {
  const outcomes: Outcome[] = [];
  after(() => void process.stdout.write(tableOf(outcomes)));

  for (const row of ROWS) {
    it(`during ${row.says}`, async () => {
      const outcome = await undergo(row);
      outcomes.push(outcome);
      assertWithstood(row, outcome);
      assert.ok(outcome.isAlive, 'it lives');
    });
  }
});
