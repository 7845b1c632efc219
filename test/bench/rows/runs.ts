import type { ProcessorMeter } from '../machine/processor-meter.ts';
import { areOthersBeside, judge } from './judgement.ts';
import type { Row } from './row.ts';

/**
 * Runs a case, and again while the verdict on a row is open; each row gets the turns of all runs. A
 * run that fails beside others is repeated, too: the server gives up a client that gets no processor.
 *
 * @param mostRuns - in all
 * @param meter - tells how much of the processors others used since it was last asked
 * @throws what a run threw while nobody else used the processors, or the last one at all
 */
export async function rowsOfRuns(
  run: () => Promise<readonly Row[]>,
  mostRuns: number,
  meter: Pick<ProcessorMeter, 'others'>,
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
    if (runs === mostRuns || !rows.some((row) => judge(row).isOpen)) {
      return rows;
    }
  }
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
