#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';

// Before the rest is loaded: from the second start on, types need not be stripped again.
enableCompileCache(join(import.meta.dirname, '../../node_modules/.cache/node'));
const { runCommandLine } = await import('./command-line.ts');
const { COMMANDS } = await import('./commands/commands.ts');

const exitCode = await runCommandLine(
  { commands: COMMANDS, defaultCommand: 'serve', printError: (line) => console.error(line) },
  {
    args: process.argv.slice(2),
    environment: process.env,
    print: (line) => console.log(line),
  },
);
if (exitCode !== undefined) {
  process.exitCode = exitCode;
}
