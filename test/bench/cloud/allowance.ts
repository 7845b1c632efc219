import { atMost, figure, type Row } from '../report.ts';
import type { Calls } from './call-counter.ts';

/** What a piece of work may ask of the backing services. */
export interface Allowance {
  readonly work: string;
  readonly pieces: number;
  /** For each piece. */
  readonly most: Readonly<Record<string, number>>;
  /** For all pieces together. */
  readonly mostInAll?: Readonly<Record<string, number>>;
}

/** Own certificates are read again each minute, which may fall into the time of counting. */
const MOST_OTHERS = 2;

/** What was asked for, with the demand that it is no more than allowed, and nothing else. */
export function row({ work, pieces, most, mostInAll = {} }: Allowance, calls: Calls): Row {
  const others = [...calls].filter(([name]) => !(name in most) && !(name in mostInAll));
  const count = (name: string) => calls.get(name) ?? 0;
  return {
    work,
    peer: '',
    ours: `of ${pieces}`,
    floor: '',
    requirements: [
      ...Object.entries(most).map(([name, bound]) =>
        atMost(`${name}, each`, count(name) / pieces, bound, ''),
      ),
      ...Object.entries(mostInAll).map(([name, bound]) =>
        atMost(`${name}, in all`, count(name), bound, ''),
      ),
      atMost(
        `anything else${others.map(([name, called]) => `, ${figure(called)} ${name}`).join('')}`,
        others.reduce((sum, [, called]) => sum + called, 0),
        MOST_OTHERS,
        '',
      ),
    ],
  };
}
