import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { pageOf } from './chart-values/page.ts';
import { readChartValues } from './chart-values/schema.ts';
import { settingsSchemas } from './chart-values/settings.ts';

const ROOT = new URL('../', import.meta.url);
const PAGE = new URL('docs/operations/chart-values.md', ROOT);
const SCHEMA = new URL('charts/awala-gateway/values.schema.json', ROOT);
const CHARTS = ['awala-gateway', 'google-cloud'];

/** The text of docs/operations/chart-values.md. */
export async function chartValuesPage(): Promise<string> {
  const charts = CHARTS.map(async (name) => ({
    name,
    values: await readChartValues(new URL(`charts/${name}/`, ROOT)),
  }));
  return pageOf(await Promise.all(charts));
}

/** The schema of the gateway's chart, with the settings that the services declare. */
export async function gatewaySchema(): Promise<unknown> {
  const schema = JSON.parse(await readFile(SCHEMA, 'utf8'));
  for (const [service, properties] of Object.entries(settingsSchemas())) {
    schema.properties.services.properties[service].properties.settings.properties = properties;
  }
  return schema;
}

if (import.meta.main) {
  await writeFile(SCHEMA, JSON.stringify(await gatewaySchema()));
  const biome = fileURLToPath(new URL('node_modules/.bin/biome', ROOT));
  execFileSync(biome, ['format', '--write', fileURLToPath(SCHEMA)]);
  await writeFile(PAGE, await chartValuesPage());
}
