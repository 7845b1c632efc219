import { startFailure } from '#runtime/start-failures.ts';
import { COMMANDS } from '#services/standalone/commands/commands.ts';

/** How a command ended. */
export interface CommandResult {
  readonly code: number | undefined;
  /** What it printed, and in one line why it failed. */
  readonly text: string;
}

/** Runs `awala-gateway <name>` in this process. */
export async function runCommand(
  name: string,
  environment: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): Promise<CommandResult> {
  const command = await COMMANDS.find((each) => each.name === name)?.load();
  const lines: string[] = [];
  const print = (line: string) => void lines.push(line);
  try {
    const code = await command?.run({ args, environment, print });
    return { code, text: lines.join('\n') };
  } catch (error) {
    return { code: 1, text: [...lines, startFailure(error)].join('\n') };
  }
}
