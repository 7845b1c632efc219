import { once, type Row } from '../rows/row.ts';
import type { Calls } from './call-counter.ts';

/** What a piece of work may ask of the backing services; nothing else. */
export interface Allowance {
  readonly work: string;
  readonly pieces: number;
  /** For each piece. */
  readonly most: Readonly<Record<string, number>>;
  /** For all pieces together. */
  readonly mostInAll?: Readonly<Record<string, number>>;
}

/** What was asked, against what may be; what processes ask by the clock is told, and not held against the work. */
export function callRows(allowance: Allowance, { asked, byClock }: Calls): readonly Row[] {
  const { work, pieces, most, mostInAll = {} } = allowance;
  const count = (call: string) => asked.get(call) ?? 0;
  const row = (what: string, value: number, mark: number, note = ''): Row => ({
    name: `${work}: ${what}`,
    unit: 'calls',
    against: null,
    mark,
    turns: once(value),
    ...(note !== '' && { note }),
  });
  const others = [...asked].filter(([call]) => !(call in most) && !(call in mostInAll));
  return [
    ...Object.entries(most).map(([call, mark]) =>
      row(`${call}, each of ${pieces}`, count(call) / pieces, mark),
    ),
    ...Object.entries(mostInAll).map(([call, mark]) => row(`${call}, in all`, count(call), mark)),
    row(
      'anything else',
      others.reduce((sum, [, calls]) => sum + calls, 0),
      0,
      [
        ...others.map(([call, calls]) => `${calls} ${call}`),
        ...[...byClock].map(([call, calls]) => `by the clock ${calls} ${call}`),
      ].join(', '),
    ),
  ];
}
