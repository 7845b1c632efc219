import { digits } from '../rows/in-words.ts';
import { once, type Row, type Turn } from '../rows/row.ts';
import type { Outcome } from './load.ts';

/** A load, and what came of it. */
export interface Stage {
  /** How much was offered, times the best throughput. */
  readonly times: number;
  /** The best throughput, in parcels a second. */
  readonly best: number;
  readonly outcome: Outcome;
  readonly others: number | null;
}

/** At least 40 % of the best throughput is still done: docs/decisions/overload.md says why not more. */
const MOST_MS_EACH = 2.5;
const MOST_ACCEPTED_P99_MS = 2_500;
const MOST_LATER_P99_MS = 500;
const AT_BEST = 'the best';

/** What is promised where most is offered. @param stages - not empty */
export function promiseRows(stages: readonly Stage[]): readonly Row[] {
  const last = stages.at(-1);
  if (!last) {
    return [];
  }
  const { times, best, outcome, others } = last;
  const meanwhile = `while ${times} times the parcels come that can be accepted`;
  const each: Turn = { value: 1_000 / outcome.accepted, against: 1_000 / best, others };
  const alone = { against: null, unit: 'ms' } as const;
  return [
    {
      name: `time for each parcel accepted, ${meanwhile}`,
      unit: 'ms',
      against: AT_BEST,
      mark: MOST_MS_EACH,
      turns: [each],
    },
    {
      ...alone,
      name: `until a parcel is accepted, p99, ${meanwhile}`,
      mark: MOST_ACCEPTED_P99_MS,
      turns: once(outcome.acceptedP99Ms, others),
    },
    {
      ...alone,
      name: `until the others are told to come later, p99, ${meanwhile}`,
      mark: MOST_LATER_P99_MS,
      turns: once(outcome.laterP99Ms, others),
      note: `sent late by ${digits(outcome.lateP99Ms)} ms, p99`,
    },
    {
      name: `parcels a second neither accepted nor told, ${meanwhile}`,
      unit: 'calls',
      against: null,
      mark: 0,
      turns: once(outcome.failed),
    },
  ];
}

/** Parcels offered, times the best throughput, of a row of {@link curveRows}; null for any other. */
export function timesOf({ name }: Row): { readonly times: number; readonly what: string } | null {
  const [, times, what] = /^(\S+) times the best offered: (accepted|told later)$/.exec(name) ?? [];
  return times && what ? { times: Number(times), what } : null;
}

/** The curve: of each load, what was accepted and what was told to come later. */
export function curveRows(stages: readonly Stage[]): readonly Row[] {
  return stages.flatMap(({ times, best, outcome, others }) => {
    const row = (what: string, value: number, p99Ms: number): Row => ({
      name: `${times} times the best offered: ${what}`,
      unit: 'parcels/s',
      against: AT_BEST,
      mark: null,
      turns: [{ value, against: best, others }],
      note: `p99 ${digits(p99Ms)} ms`,
    });
    return [
      row('accepted', outcome.accepted, outcome.acceptedP99Ms),
      row('told later', outcome.later, outcome.laterP99Ms),
    ];
  });
}
