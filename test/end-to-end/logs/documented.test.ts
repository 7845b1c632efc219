import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { ATTRIBUTES } from '#log/attributes.ts';
import { levelOf, STEP_NAMES } from '#log/steps.ts';
import { tablesIn } from '../../../scripts/docs/markdown.ts';

/** What every line has, and what only some formats have. */
const OF_EACH_LINE = ['time', 'level', 'severity', 'message', 'stack_trace'];

describe('docs/logs.md', () => {
  let page: string;

  before(async () => {
    page = await readFile(join(import.meta.dirname, '../../../docs/logs.md'), 'utf8');
  });

  /** The rows of the table that has this header. */
  function rowsOf(header: string): readonly (readonly string[])[] {
    const table = tablesIn(page).find(([head]) => head?.join(' | ') === header);
    assert.ok(table, header);
    return table.slice(2);
  }

  it('explains every attribute that the types allow to be logged, and no other', () => {
    const rows = rowsOf('attribute | means');
    const names = rows.flatMap(([cell = '']) =>
      [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
    );
    const explained = names.filter((name) => name !== 'gcp').sort();
    assert.deepEqual(explained, [...ATTRIBUTES, ...OF_EACH_LINE].sort());
  });

  it('explains every step, with its level', () => {
    const rows = rowsOf('step | level | means').map(([step, level]) => `${step} ${level}`);
    const steps = STEP_NAMES.map((step) => `\`${step}\` \`${levelOf(step)}\``);
    assert.deepEqual(rows.sort(), steps.sort());
  });
});
