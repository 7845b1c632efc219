import type { Environment } from '#runtime/configuration/variable.ts';

/** Where a command reads and writes. */
export interface CommandContext {
  /** What follows the command's name. */
  readonly args: readonly string[];
  readonly environment: Environment;
  /** Writes a line to standard output. */
  readonly print: (line: string) => void;
}

/** What `awala-gateway <word>` does. */
export interface Command {
  /** The whole help text. */
  readonly usage: string;
  /**
   * @returns the exit code; undefined if the process goes on by itself
   * @throws {UsageError} if the arguments cannot be used
   */
  run(context: CommandContext): Promise<number | undefined>;
}

/** The arguments of a command make no sense; the message says why. */
export class UsageError extends Error {
  readonly code = 'USAGE';
}

/** @throws {UsageError} if there are any */
export function noArguments({ args }: CommandContext): void {
  if (args.length > 0) {
    throw new UsageError(`“${args[0]}” means nothing here`);
  }
}
