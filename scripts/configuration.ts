import { writeFile } from 'node:fs/promises';
import { configurationPage } from './configuration/page.ts';

export const CONFIGURATION_PAGE = new URL('../docs/configuration.md', import.meta.url);

if (import.meta.main) {
  await writeFile(CONFIGURATION_PAGE, configurationPage());
}
