#!/usr/bin/env node
import process from 'node:process';
import { runCommandLine } from './command-line.ts';
import { COMMANDS } from './commands/commands.ts';

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
