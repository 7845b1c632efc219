import type { Environment } from '#runtime/configuration/variable.ts';

/** Where a command reads and writes. */
export interface CommandContext {
  /** The words after the command's name. */
  readonly args: readonly string[];
  readonly environment: Environment;
  /** Writes a line to standard output. */
  readonly print: (line: string) => void;
  /**
   * The words that start this program, for commands that start another process of it; without them,
   * these do all in this one.
   */
  readonly program?: readonly string[];
}

/** An implementation of `awala-gateway <word>`. */
export interface Command {
  /** The whole help text. */
  readonly usage: string;
  /**
   * @returns the exit code; undefined if the process goes on by itself
   * @throws {UsageError} if the arguments cannot be used
   */
  run(context: CommandContext): Promise<number | undefined>;
}

/** A command's arguments are invalid; the message says why. */
export class UsageError extends Error {
  readonly code = 'USAGE';
}

/**
 * Refuses arguments, for a command that takes none.
 *
 * @throws {UsageError} if there are any
 */
export function noArguments({ args }: CommandContext): void {
  if (args.length > 0) {
    throw new UsageError(`unexpected argument “${args[0]}”`);
  }
}

/**
 * The options of a command: those that its help text names.
 *
 * @returns each once, such as `--now`
 */
export function optionsOf({ usage }: Pick<Command, 'usage'>): readonly string[] {
  return [...new Set(usage.match(/(?<![\w-])--[a-z][a-z0-9-]*/g))];
}
