import { ConfigurationError, readConfiguration } from '#runtime/configuration/configuration.ts';
import { nearName } from '#runtime/configuration/near-names.ts';
import type { Environment } from '#runtime/configuration/variable.ts';
import { keptAlive } from '#runtime/kept-alive.ts';
import { releaseOf, releaseVariables } from '#runtime/release.ts';
import { startFailure } from '#runtime/start-failures.ts';
import { type CommandContext, optionsOf, UsageError } from './commands/command.ts';
import type { CommandEntry } from './commands/commands.ts';
import { handling } from './installation.ts';
import { printable } from './printable.ts';

/** sysexits.h: wrong usage. */
const EX_USAGE = 64;

const HELP = ['help', '--help', '-h'];
const VERSION = ['--version', '-v', 'version'];

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
  const asked = HELP.includes(word) ? args[0] : word;
  if (asked === undefined || HELP.includes(asked)) {
    context.print(overview(commands));
    return 0;
  }
  if (VERSION.includes(asked)) {
    context.print(version(context.environment));
    return 0;
  }
  const command = await load(commands, asked);
  if (!command) {
    printError(noCommand(asked, commands));
    return EX_USAGE;
  }
  if (HELP.includes(word)) {
    context.print(command.usage);
    return 0;
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
      printError(`${error.message}\n\nawala-gateway help ${word} lists the options.`);
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
    if (option.length > 1 && option.startsWith('-') && !known.includes(option)) {
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

function noCommand(word: string, commands: readonly CommandEntry[]): string {
  const { start, stop, restart, logs, upgrade, uninstall } = handling();
  const elsewhere: Readonly<Record<string, string>> = {
    ...{ start, stop, restart, logs, uninstall },
    ...{ upgrade, update: upgrade },
  };
  const instead = Object.hasOwn(elsewhere, word) ? elsewhere[word] : undefined;
  if (instead !== undefined) {
    return `There is no command “${word}”. Instead: ${instead}`;
  }
  const names = [...commands.map(({ name }) => name), 'help', '--help', '--version'];
  return `There is no command “${word}”${hint(word, names) || '.'}\n\n${overview(commands)}`;
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
