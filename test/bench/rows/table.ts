import { digits, figureInWords, quantity } from './in-words.ts';
import { judge, type Verdict } from './judgement.ts';
import { figureOf, median, type Row } from './row.ts';

const HEADER = ['work', 'measured', 'against', 'at most', 'is', 'verdict', 'evidence'];

const VERDICTS: Readonly<Record<Verdict, string>> = {
  reached: 'ok',
  missed: 'MISSED',
  'too busy to tell': 'TOO BUSY TO TELL',
  told: '',
};

/** The rows as lines of a table; what is the same as in the line before is left out. */
export function tableOf(rows: readonly Row[]): readonly string[] {
  const lines = rows.map(cellsOf);
  const widths = HEADER.map((_, column) =>
    Math.max(...[HEADER, ...lines].map((line) => [...(line[column] ?? '')].length)),
  );
  const shown = lines.map((line, index) => {
    const isSame = line[0] === lines[index - 1]?.[0];
    return isSame ? ['', line[1] === lines[index - 1]?.[1] ? '' : line[1], ...line.slice(2)] : line;
  });
  return [HEADER, widths.map((width) => '-'.repeat(width)), ...shown].map((line) =>
    line
      .map((cell = '', column) => cell + ' '.repeat((widths[column] ?? 0) - [...cell].length))
      .join('  ')
      .trimEnd(),
  );
}

function cellsOf(row: Row): string[] {
  const { name, unit, against, mark, turns } = row;
  const { verdict, figure } = judge(row);
  const yardstick = median(turns.map((turn) => turn.against ?? 0));
  return [
    name,
    quantity(median(turns.map(({ value }) => value)), unit),
    against === null ? '' : `${against}: ${digits(yardstick)}`,
    mark === null ? '' : figureInWords(row, mark),
    against === null && mark === null ? '' : figureInWords(row, figure),
    VERDICTS[verdict],
    evidenceOf(row),
  ];
}

/** How many turns there are, from the least to the most, and beside what. */
export function evidenceOf(row: Row): string {
  const figures = row.turns.map(figureOf);
  const [least, most] = [Math.min(...figures), Math.max(...figures)];
  const others = row.turns.flatMap((turn) => turn.others ?? []);
  return [
    ...(figures.length > 1
      ? [`${figures.length} turns, ${figureInWords(row, least)} to ${figureInWords(row, most)}`]
      : []),
    ...paceInWords(row),
    ...(others.length > 0 ? [`beside ${digits(median(others))} busy processors`] : []),
    ...(row.note === undefined ? [] : [row.note]),
  ].join('; ');
}

function paceInWords({ turns }: Row): readonly string[] {
  const pace = median(turns.map((turn) => turn.pace ?? 1));
  return pace > 1 ? [`by a machine ${digits(pace)} times as slow`] : [];
}
