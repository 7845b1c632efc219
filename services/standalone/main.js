#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import process from 'node:process';
import { PROGRAM_CACHE } from '#runtime/program-cache.js';

// Before the rest is loaded; threads look into the environment.
process.env.NODE_COMPILE_CACHE ||= PROGRAM_CACHE;
enableCompileCache(process.env.NODE_COMPILE_CACHE);
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
