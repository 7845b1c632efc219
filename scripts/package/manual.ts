import { listVariables } from '#runtime/configuration/configuration.ts';
import type { Variable } from '#runtime/configuration/variable.ts';
import { COMMANDS } from '#services/standalone/commands/commands.ts';
import { STANDALONE_VARIABLES } from '#services/standalone/config.ts';
import { INSTALLED } from '#services/standalone/installed.ts';

/**
 * The manual page awala-gateway(8), from the declarations that the help texts are made of.
 *
 * @param date - of the version, such as 2026-11-29
 */
export async function manual(version: string, date: string): Promise<string> {
  const commands = await Promise.all(
    COMMANDS.map(async ({ name, summary, load }) =>
      name === 'serve'
        ? `.SS serve\n${prose(`${capital(summary)}.`)}`
        : `.SS ${name}\n${prose(`${capital(summary)}.`)}\n.PP\n.EX\n${verbatim((await load()).usage)}\n.EE`,
    ),
  );
  return `.TH AWALA\\-GATEWAY 8 ${date} "${prose(version)}" "Awala Internet gateway"
.SH NAME
awala\\-gateway \\- relay for Awala's private gateways, couriers and Internet apps
.SH SYNOPSIS
.B awala\\-gateway
.RI [ command ]
.RI [ option ...]
.br
.B awala\\-gateway help
.RI [ command ]
.br
.B awala\\-gateway \\-\\-version
.SH DESCRIPTION
${prose(`An Awala Internet gateway takes parcels from phones, couriers and Internet apps, and keeps each until its
recipient has it. Where it is installed as a package, its commands read ${INSTALLED.settings}, and run as the user
awala-gateway, who owns the data.`)}
.SH COMMANDS
${commands.join('\n')}
.SH ENVIRONMENT
${prose(`The service reads these variables from ${INSTALLED.settings}, when it starts.`)}
${listVariables(STANDALONE_VARIABLES).map(entry).join('\n')}
.SH FILES
.TP
.I ${prose(INSTALLED.settings)}
The configuration.
.TP
.I ${prose(INSTALLED.data)}
Keys, parcels and records; kept when the package is removed, until it is purged.
.SH SIGNALS
SIGTERM and SIGINT finish what is in progress, and end the gateway. A second signal ends it at once.
.SH EXIT STATUS
0: done. 1: failed, or the configuration cannot be used. 64: wrong usage. 77: not allowed to read the configuration.
`;
}

function entry({ name, meaning, accepts, defaultText, isRequired }: Variable<unknown>): string {
  const facts = [
    isRequired && 'required with its choice',
    defaultText !== null && `default ${defaultText}`,
    accepts,
  ].filter(Boolean);
  const remarks = facts.length > 0 ? ` (${facts.join('; ')})` : '';
  return `.TP\n.B ${prose(name)}\n${prose(`${capital(meaning)}${remarks}.`)}`;
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

/** Text that roff may fill: no line of it is a request. */
function prose(text: string): string {
  return escaped(text.replaceAll(/\s+/g, ' '));
}

/** Lines as they are. */
function verbatim(text: string): string {
  return text.split('\n').map(escaped).join('\n');
}

function escaped(line: string): string {
  return line
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll(/^(?=[.'])/g, '\\&');
}
