import { type ListedVariable, listWithChoices } from '#runtime/configuration/configuration.ts';
import type { Variable } from '#runtime/configuration/variable.ts';
import { tableRow } from '../docs/markdown.ts';
import { PROGRAMS, SERVICES } from './programs.ts';

const ALL_SERVICES = Object.keys(SERVICES);

const HEADER = `# Configuration

Every environment variable of every service and command, from its declaration in the code. A service reads its variables once, when it starts, and reports all faults
in one message. A blank variable counts as absent. An unknown one is ignored, unless its name is one slip away from a variable that is not set (\`INTERNET_ADRESS\`): that is a fault.
\`standalone\` is the gateway in one process (\`awala-gateway serve\`); \`provision\` is the command that also creates
a bucket; \`backup\` stands for \`backup\` and \`restore\`. The other commands read the backing variables of \`standalone\`. A variable that is required with a choice is read with that choice only.
\`npx node scripts/configuration.ts\` writes this page; the [values of the charts](operations/chart-values.md) set many of these variables.

| variable | read by | default | what it may be | meaning |
|---|---|---|---|---|`;

interface Reader extends ListedVariable {
  readonly program: string;
}

/** The page on the variables of all services, in Markdown. */
export function configurationPage(): string {
  const readers = Object.entries(PROGRAMS).flatMap(([program, variables]) =>
    listWithChoices(variables).map((listed) => ({ program, ...listed })),
  );
  const byName = Map.groupBy(readers, ({ variable }) => variable.name);
  const rows = [...byName.keys()].sort().map((name) => row(name, byName.get(name) ?? []));
  return `${[HEADER, ...rows].join('\n')}\n`;
}

function row(name: string, readers: readonly Reader[]): string {
  const choices = new Set(readers.flatMap((reader) => reader.choices));
  return tableRow([
    `\`${name}\``,
    whoReads(readers),
    each(readers, ({ variable }) => defaultOf(variable, choices)),
    each(readers, ({ variable }) => variable.accepts),
    each(readers, ({ variable }) => variable.meaning),
  ]);
}

function whoReads(readers: readonly Reader[]): string {
  const programs = readers.map(({ program }) => program);
  return ALL_SERVICES.every((service) => programs.includes(service))
    ? ['all services', ...programs.filter((program) => !ALL_SERVICES.includes(program))].join(', ')
    : programs.join(', ');
}

/** One text if it is the same for all readers; otherwise that of the separate services, then each that differs. */
function each(readers: readonly Reader[], textOf: (reader: Reader) => string): string {
  const [usual, ...different] = Map.groupBy(readers, textOf);
  const [usualText = ''] = usual ?? [];
  return [
    usualText,
    ...different.map(
      ([text, members]) => `${members.map(({ program }) => program).join(', ')}: ${text}`,
    ),
  ].join('; ');
}

function defaultOf(
  { isRequired, defaultText }: Variable<unknown>,
  choices: ReadonlySet<string>,
): string {
  if (isRequired) {
    return choices.size === 0 ? 'required' : `required with \`${[...choices].join('` or `')}\``;
  }
  return defaultText === null || defaultText === '' ? 'none' : `\`${defaultText}\``;
}
