import { tableRow } from '../docs/markdown.ts';
import type { ChartValue } from './schema.ts';

const HEADER = ['| value | meaning | default |', '|---|---|---|'];

export interface Chart {
  readonly name: string;
  readonly values: readonly ChartValue[];
}

/** The page on the charts' values, in Markdown. */
export function pageOf(charts: readonly Chart[]): string {
  return [
    '# What the charts can be told',
    '',
    'Each value of the two charts, as `values.schema.json` describes it and `values.yaml` sets it; a value that is not right is refused before anything is',
    'rendered. `npx node scripts/chart-values.ts` writes this page. Environments set some of them: `charts/environments/`.',
    ...charts.flatMap(sectionsOf),
    '',
  ].join('\n');
}

function sectionsOf({ name, values }: Chart): readonly string[] {
  const groups = Map.groupBy(values, groupOf);
  return [
    '',
    `## ${name}`,
    ...[...groups].flatMap(([group, members]) => [
      '',
      `### ${group}`,
      '',
      ...HEADER,
      ...rowsOf(members, group),
    ]),
  ];
}

/** The service that a value is for; otherwise the first word of its name. */
function groupOf({ name }: ChartValue): string {
  const words = name.split('.');
  return words.length === 1
    ? 'the gateway itself'
    : words.slice(0, words[0] === 'services' ? 2 : 1).join('.');
}

/** Values that every service has take one row together, except where one has its own description. */
function rowsOf(values: readonly ChartValue[], group: string): readonly string[] {
  const own = values.filter(({ shared }) => shared === null || group === 'common');
  const shared = values.filter((each) => !own.includes(each));
  const names = shared.map(({ name }) => `\`${name}\``).join(', ');
  return [
    ...own.map((value) => tableRow([`\`${value.name}\``, meaningOf(value), defaultOf(value)])),
    ...(shared.length > 0
      ? [tableRow([names, 'of its own, as [`common`](#common) has them for all', ''])]
      : []),
  ];
}

function meaningOf({ meaning, bounds }: ChartValue): string {
  return bounds === '' ? meaning : `${meaning} (${bounds})`;
}

function defaultOf({ byDefault }: ChartValue): string {
  if (byDefault === undefined || byDefault === '' || byDefault === null) {
    return '';
  }
  return `\`${typeof byDefault === 'string' ? byDefault : JSON.stringify(byDefault)}\``;
}
