import process from 'node:process';
import { obtainTool, TOOL_NAMES } from './tools.ts';

/** Builds the programs one after the other, before files that run at once all ask for them. */
export async function globalSetup(): Promise<void> {
  for (const name of TOOL_NAMES) {
    const startedMs = Date.now();
    const path = await obtainTool(name);
    const seconds = Math.round((Date.now() - startedMs) / 1_000);
    process.stderr.write(
      `charts: ${name} is ${path}${seconds > 0 ? `, built in ${seconds} s` : ''}\n`,
    );
  }
}
