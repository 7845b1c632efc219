import { localInternetAddress } from '#composition/internet-address.ts';
import { BACKING_VARIABLES } from '#composition/ports.ts';
import {
  listVariables,
  readConfiguration,
  type Values,
} from '#runtime/configuration/configuration.ts';
import type { Environment } from '#runtime/configuration/variable.ts';
import { INSTALLED } from '../installed.ts';

/** What every command must know of a gateway: the variables of its services. */
export const COMMAND_VARIABLES = { internetAddress: localInternetAddress, ...BACKING_VARIABLES };

/** A gateway, as commands know it. */
export type CommandConfig = Values<typeof COMMAND_VARIABLES>;

/**
 * Reads {@link COMMAND_VARIABLES}.
 *
 * @throws {ConfigurationError}
 */
export function readCommandConfig(environment: Environment): CommandConfig {
  return readConfiguration(environment, COMMAND_VARIABLES);
}

/** For the help text of commands that use it. */
export const BACKING_HELP = `Finds the gateway by the environment variables that its services read:
${names()}.
By default, the gateway in ./data; in the package, in ${INSTALLED.data}.`;

function names(): string {
  const all = listVariables(COMMAND_VARIABLES).map(({ name }) => name);
  const lines = [''];
  for (const [index, name] of all.entries()) {
    const word = index === all.length - 1 ? name : `${name}, `;
    if (`${lines.at(-1)}${word}`.length > 76) {
      lines.push('');
    }
    lines[lines.length - 1] += word;
  }
  return lines.map((line) => `  ${line.trimEnd()}`).join('\n');
}
