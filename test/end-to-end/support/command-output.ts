import { COMMANDS } from '#services/standalone/commands/commands.ts';

/** What a command printed, and its exit code. */
export interface CommandOutput {
  readonly code: number | undefined;
  readonly text: string;
}

/** Runs a command of `awala-gateway` in this process. */
export async function runCommand(
  name: string,
  environment: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): Promise<CommandOutput> {
  const command = await COMMANDS.find((each) => each.name === name)?.load();
  const lines: string[] = [];
  const print = (line: string) => void lines.push(line);
  const code = await command?.run({ args, environment, print });
  return { code, text: lines.join('\n') };
}
