import { ConfigurationError } from '#runtime/configuration/configuration.ts';
import { type CommandContext, UsageError } from './commands/command.ts';
import type { CommandEntry } from './commands/commands.ts';

/** sysexits.h: wrong usage. */
const EX_USAGE = 64;

interface CommandLine {
  readonly commands: readonly CommandEntry[];
  /** The command to run when none is named. */
  readonly defaultCommand: string;
  readonly printError: (line: string) => void;
}

/**
 * Runs `awala-gateway <command> …`.
 *
 * @returns the exit code; undefined if the process goes on by itself
 */
export async function runCommandLine(
  { commands, defaultCommand, printError }: CommandLine,
  context: CommandContext,
): Promise<number | undefined> {
  const [word = defaultCommand, ...args] = context.args;
  if (word === 'help' || word === '--help' || word === '-h') {
    return help(commands, args[0], context.print);
  }
  const command = await load(commands, word);
  if (!command) {
    printError(`There is no command “${word}”.\n\n${overview(commands)}`);
    return EX_USAGE;
  }
  if (args.includes('--help') || args.includes('-h')) {
    context.print(command.usage);
    return 0;
  }
  try {
    return await command.run({ ...context, args });
  } catch (error) {
    if (error instanceof UsageError) {
      printError(`${error.message}\n\n${command.usage}`);
      return EX_USAGE;
    }
    if (error instanceof ConfigurationError) {
      printError(error.message);
      return 1;
    }
    throw error;
  }
}

function load(commands: readonly CommandEntry[], word: string) {
  return commands.find(({ name }) => name === word)?.load();
}

async function help(
  commands: readonly CommandEntry[],
  word: string | undefined,
  print: (line: string) => void,
): Promise<number> {
  const command = word === undefined ? undefined : await load(commands, word);
  print(command ? command.usage : overview(commands));
  return 0;
}

function overview(commands: readonly CommandEntry[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `Usage: awala-gateway <command> …

${lines.join('\n')}
  ${'help'.padEnd(width)}  show this, or more about a command`;
}
