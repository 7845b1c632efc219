import type { ProcessorMeter } from '../machine/processor-meter.ts';
import { areOthersBeside, judge } from './judgement.ts';
import type { Row } from './row.ts';

/** Beside others, who would be beside a third as well. */
const MOST_RUNS_BESIDE = 2;

/**
 * Runs a case, and again while the verdict on a row is open; each row gets the turns of all runs. A
 * run that fails beside others is repeated, too: the server gives up a client that gets no processor.
 *
 * @param mostRuns - in all
 * @param meter - tells how much of the processors others used since it was last asked
 * @param onAgain - called before each further run, with the rows that it is for
 * @throws what a run threw while nobody else used the processors, or the last one at all
 */
export async function rowsOfRuns(
  run: () => Promise<readonly Row[]>,
  mostRuns: number,
  meter: Pick<ProcessorMeter, 'others'>,
  onAgain: (open: readonly Row[]) => void = () => {},
): Promise<readonly Row[]> {
  let rows: readonly Row[] = [];
  meter.others();
  for (let runs = 1; ; runs++) {
    try {
      rows = joined(rows, await run());
    } catch (error) {
      if (runs < mostRuns && areOthersBeside(meter.others())) {
        continue;
      }
      throw error;
    }
    const open = rows.filter((row) => isWorthAnotherRun(row, runs));
    if (runs === mostRuns || open.length === 0) {
      return rows;
    }
    onAgain(open);
  }
}

function isWorthAnotherRun(row: Row, runs: number): boolean {
  const { verdict, isOpen } = judge(row);
  return isOpen && (verdict === 'missed' || runs < MOST_RUNS_BESIDE);
}

/** Rows of the later run with the turns of the same rows of the former. */
function joined(former: readonly Row[], later: readonly Row[]): readonly Row[] {
  return later.map((row) => {
    const before = former.filter((each) => isSame(each, row)).flatMap(({ turns }) => turns);
    return { ...row, turns: [...before, ...row.turns] };
  });
}

function isSame(a: Row, b: Row): boolean {
  return a.name === b.name && a.unit === b.unit && a.against === b.against;
}
