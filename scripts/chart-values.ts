import { writeFile } from 'node:fs/promises';
import { pageOf } from './chart-values/page.ts';
import { readChartValues } from './chart-values/schema.ts';

const ROOT = new URL('../', import.meta.url);
const PAGE = new URL('docs/operations/chart-values.md', ROOT);
const CHARTS = ['awala-gateway', 'google-cloud'];

/** What docs/operations/chart-values.md must be. */
export async function chartValuesPage(): Promise<string> {
  const charts = CHARTS.map(async (name) => ({
    name,
    values: await readChartValues(new URL(`charts/${name}/`, ROOT)),
  }));
  return pageOf(await Promise.all(charts));
}

if (import.meta.main) {
  await writeFile(PAGE, await chartValuesPage());
}
