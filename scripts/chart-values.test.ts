import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { readChartValues } from './chart-values/schema.ts';
import { chartValuesPage, gatewaySchema } from './chart-values.ts';

const ROOT = new URL('../', import.meta.url);

describe('the page on what the charts can be told', () => {
  it('is what the schemas and defaults are now (npx node scripts/chart-values.ts writes it)', async () => {
    const page = await readFile(new URL('docs/operations/chart-values.md', ROOT), 'utf8');
    assert.equal(page, await chartValuesPage());
  });

  it('goes with a schema that takes what the services read (the same script writes it)', async () => {
    const path = new URL('charts/awala-gateway/values.schema.json', ROOT);
    assert.deepEqual(JSON.parse(await readFile(path, 'utf8')), await gatewaySchema());
  });

  for (const chart of ['awala-gateway', 'google-cloud']) {
    it(`has each value of ${chart}, with its meaning`, async () => {
      const page = await chartValuesPage();
      const values = await readChartValues(new URL(`charts/${chart}/`, ROOT));
      assert.ok(values.length > 35);
      for (const { name, meaning } of values) {
        assert.ok(page.includes(`\`${name}\``), name);
        assert.ok(meaning.length >= 5, `${name} has no description in the schema`);
      }
    });
  }
});
