import { EXPLAINED_BY_OTHERS, figureOf, median, type Row, type Turn } from './row.ts';

/** Whether a row reaches its mark; `told` if it has none. */
export type Verdict = 'reached' | 'missed' | 'too busy to tell' | 'told';

/** What the turns of a row say. */
export interface Judgement {
  readonly verdict: Verdict;
  /** What the mark is for: the median of the turns that count. */
  readonly figure: number;
  /** Whether more turns could change the verdict. */
  readonly isOpen: boolean;
}

/** Others that use more of the processors than this may disturb a turn; daemons use less. */
const QUIET_PROCESSORS = 0.15;

/**
 * A turn whose yardstick is this many times the least of all turns was disturbed: the yardstick
 * always does the same.
 */
const QUIET_SPREAD = 1.2;

/**
 * Judges a row by its quiet turns, where at least half of them are, and otherwise by all. Where the
 * median of disturbed turns misses the mark by no more than others explain, nobody can tell.
 *
 * Only a figure that they do not explain, such as a count, is settled with a first miss.
 */
export function judge({ unit, mark, turns }: Row): Judgement {
  const leastAgainst = Math.min(...turns.map((turn) => turn.against ?? Number.POSITIVE_INFINITY));
  const quiet = turns.filter((turn) => !isDisturbed(turn, leastAgainst));
  const isQuiet = quiet.length * 2 >= turns.length;
  const figure = median((isQuiet ? quiet : turns).map(figureOf));
  if (mark === null) {
    return { verdict: 'told', figure, isOpen: false };
  }
  if (figure <= mark) {
    return { verdict: 'reached', figure, isOpen: false };
  }
  const isOpen = figure <= mark * EXPLAINED_BY_OTHERS[unit];
  return { verdict: isOpen && !isQuiet ? 'too busy to tell' : 'missed', figure, isOpen };
}

function isDisturbed({ against, others }: Turn, leastAgainst: number): boolean {
  return areOthersBeside(others) || (against !== null && against > leastAgainst * QUIET_SPREAD);
}

/** @param others - how many processors they used; null if unknown */
export function areOthersBeside(others: number | null): boolean {
  return others !== null && others > QUIET_PROCESSORS;
}
