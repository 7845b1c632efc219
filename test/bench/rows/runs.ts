import { judge } from './judgement.ts';
import type { Row } from './row.ts';

/**
 * Runs a case, and again while the verdict on a row is open; each row gets the turns of all runs.
 *
 * @param mostRuns - in all
 */
export async function rowsOfRuns(
  run: () => Promise<readonly Row[]>,
  mostRuns: number,
): Promise<readonly Row[]> {
  let rows = await run();
  for (let runs = 1; runs < mostRuns && rows.some((row) => judge(row).isOpen); runs++) {
    rows = joined(rows, await run());
  }
  return rows;
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
