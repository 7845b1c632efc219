import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { listVariables } from '#runtime/configuration/configuration.ts';
import { nearName } from '#runtime/configuration/near-names.ts';
import { configurationPage } from './configuration/page.ts';
import { PROGRAMS } from './configuration/programs.ts';
import { CONFIGURATION_PAGE } from './configuration.ts';

/** Each is a slip of the other; the one program that reads them reads both. */
const CLOSE = ['HTTP_PORT', 'HTTPS_PORT'];

describe('docs/configuration.md', () => {
  it('is what the services declare now (npx node scripts/configuration.ts writes it)', async () => {
    assert.equal(await readFile(CONFIGURATION_PAGE, 'utf8'), configurationPage());
  });

  it('has one row for each variable', () => {
    const rows = configurationPage()
      .matchAll(/^\| `(\w+)` \|/gm)
      .map(([, name]) => name)
      .toArray();
    const variables = Object.values(PROGRAMS).flatMap(listVariables);
    assert.deepEqual(rows, [...new Set(variables.map(({ name }) => name))].sort());
  });

  it('has no two variables that could be taken for slips of each other', () => {
    const variables = Object.values(PROGRAMS).flatMap(listVariables);
    const names = new Set(variables.map(({ name }) => name));
    for (const name of names) {
      const close = CLOSE.includes(name) ? CLOSE : [name];
      const others = [...names].filter((other) => !close.includes(other));
      assert.equal(nearName(name, others), null, name);
    }
  });
});
