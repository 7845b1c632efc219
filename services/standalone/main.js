#!/usr/bin/env node
import process from 'node:process';
import { requireNode } from '#runtime/required-node.js';

requireNode();
const { keepProgramCompiled } = await import('#runtime/program-cache.js');
keepProgramCompiled(process.env);
const { runCommandLine } = await import('./command-line.ts');
const { COMMANDS } = await import('./commands/commands.ts');
const { outliveReaders } = await import('./closed-output.ts');

const DEFAULT_COMMAND = 'serve';

const [word = DEFAULT_COMMAND] = process.argv.slice(2);
const command = COMMANDS.find(({ name }) => name === word);
outliveReaders({ endsThen: !command || command.onlyPrints === true });

const exitCode = await runCommandLine(
  {
    commands: COMMANDS,
    defaultCommand: DEFAULT_COMMAND,
    printError: (line) => console.error(line),
  },
  {
    args: process.argv.slice(2),
    environment: process.env,
    print: (line) => console.log(line),
    program: [process.execPath, ...process.execArgv, process.argv[1] ?? ''],
  },
);
if (exitCode !== undefined) {
  process.exitCode = exitCode;
}
