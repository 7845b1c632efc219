import { ConfigurationError, readConfiguration } from '#runtime/configuration/configuration.ts';
import { nearName } from '#runtime/configuration/near-names.ts';
import type { Environment } from '#runtime/configuration/variable.ts';
import { keptAlive } from '#runtime/kept-alive.ts';
import { releaseOf, releaseVariables } from '#runtime/release.ts';
import { startFailure } from '#runtime/start-failures.ts';
import { type CommandContext, optionsOf, UsageError } from './commands/command.ts';
import type { CommandEntry } from './commands/commands.ts';
import { printable } from './printable.ts';

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
export function runCommandLine(
  line: CommandLine,
  context: CommandContext,
): Promise<number | undefined> {
  const print = (text: string) => context.print(printable(text));
  const printError = (text: string) => line.printError(printable(text));
  return runWord({ ...line, printError }, { ...context, print });
}

async function runWord(
  { commands, defaultCommand, printError }: CommandLine,
  context: CommandContext,
): Promise<number | undefined> {
  const [word = defaultCommand, ...args] = context.args;
  if (word === 'help' || word === '--help' || word === '-h') {
    return help(commands, args[0], context.print);
  }
  if (word === '--version') {
    context.print(version(context.environment));
    return 0;
  }
  const command = await load(commands, word);
  if (!command) {
    const names = [...commands.map(({ name }) => name), 'help', '--help', '--version'];
    printError(`There is no command “${word}”${hint(word, names) || '.'}\n\n${overview(commands)}`);
    return EX_USAGE;
  }
  if (args.includes('--help') || args.includes('-h')) {
    context.print(command.usage);
    return 0;
  }
  try {
    refuseUnknownOptions(args, optionsOf(command));
    using _process = keptAlive();
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
    printError(`awala-gateway ${word}: ${startFailure(error)}`);
    if (context.environment.LOG_LEVEL === 'debug' && error instanceof Error) {
      printError(`${error.stack}`);
    }
    return 1;
  }
}

/** @throws {UsageError} */
function refuseUnknownOptions(args: readonly string[], known: readonly string[]): void {
  const end = args.indexOf('--');
  for (const arg of end < 0 ? args : args.slice(0, end)) {
    const [option = ''] = arg.split('=');
    if (option.startsWith('--') && !known.includes(option)) {
      throw new UsageError(`there is no option ${option}${hint(option, known)}`);
    }
  }
}

function hint(word: string, names: readonly string[]): string {
  const meant = nearName(word, names);
  return meant === null ? '' : `; did you mean ${meant}?`;
}

function version(environment: Environment): string {
  const configured = readConfiguration(environment, { revision: releaseVariables.revision });
  const { version, revision, node } = releaseOf({ ...configured, imageDigest: null });
  return `awala-gateway ${version} (${revision === null ? '' : `${revision}, `}Node ${node})`;
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
  const width = Math.max('--version'.length, ...commands.map(({ name }) => name.length));
  const words = [
    ...commands,
    { name: 'help', summary: 'show this, or more about a command' },
    { name: '--version', summary: 'show which version this is' },
  ];
  const lines = words.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `Usage: awala-gateway <command> …\n\n${lines.join('\n')}`;
}
