import { BackingUnavailableError } from '#backing/errors.ts';
import { systemClock } from '#clock/clock.ts';
import { Foundations } from '#composition/foundations.ts';
import { silentLog } from '#log/log.ts';
import type { CommandContext } from './command.ts';
import { type CommandConfig, readCommandConfig } from './command-variables.ts';

/** An operator waits longer than a client. */
const DEADLINE_MS = 20_000;

/**
 * Runs a command on the backing that the environment names, beside a gateway that may be running on
 * it.
 *
 * @returns the exit code: 1 if a backing service could not be used, which is printed
 */
export async function withPorts(
  { environment, print }: CommandContext,
  act: (foundations: Foundations, config: CommandConfig) => Promise<void>,
): Promise<number> {
  const config = readCommandConfig(environment);
  await using foundations = new Foundations({
    clock: systemClock,
    log: silentLog,
    beside: true,
    deadlineMs: DEADLINE_MS,
  });
  try {
    await act(foundations, config);
    return 0;
  } catch (error) {
    if (error instanceof BackingUnavailableError) {
      print(`Failed: ${error.message}`);
      print('awala-gateway doctor says more.');
      return 1;
    }
    throw error;
  }
}
