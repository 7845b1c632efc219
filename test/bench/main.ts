import { fork } from 'node:child_process';
import { parseArgs } from 'node:util';
import { CASES } from './cases.ts';
import { ProcessorMeter } from './machine/processor-meter.ts';
import { drawFigures } from './plots/figures.ts';
import { figureInWords } from './rows/in-words.ts';
import { judge, type Verdict } from './rows/judgement.ts';
import type { Row } from './rows/row.ts';
import { rowsOfRuns } from './rows/runs.ts';
import { evidenceOf, tableOf } from './rows/table.ts';

/** No case takes longer, also beside others; each takes some minute where it is alone. */
const CASE_TIMEOUT_MS = 900_000;
/** How often a case is run where a row is near its mark, so that chance does not decide. */
const MOST_RUNS = 3;

const USAGE = `Usage: npm run bench -- [--check] [--only <text>] [--plots]

Measures this gateway against the peer library and the floor, which no implementation can do without.

  --check        measure again what misses its mark, and end non-zero if it still does
  --only <text>  run only the cases whose name contains <text>
  --plots        draw the figures of all cases into docs/pictures
  --help         show this

A row that misses its mark while others use the processors is “too busy to tell”, which is no failure.

Cases: ${Object.keys(CASES).join(', ')}`;

const { values } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    plots: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const names = Object.keys(CASES).filter((name) => name.includes(values.only));
if (values.help) {
  console.log(USAGE);
} else if (names.length === 0) {
  console.error(`No case is called like “${values.only}”.\n\n${USAGE}`);
  process.exitCode = 64;
} else if (values.plots && values.only !== '') {
  console.error(`The figures are of all cases.\n\n${USAGE}`);
  process.exitCode = 64;
} else {
  const { rows, failed } = await measure(names, values.check ? MOST_RUNS : 1);
  console.log(tableOf(rows).join('\n'));
  if (values.plots) {
    await drawFigures(rows);
  }
  const missed = tell(rows, 'missed');
  tell(rows, 'too busy to tell');
  for (const failure of failed) {
    console.log(`\n${failure}`);
  }
  process.exitCode = failed.length > 0 || (values.check && missed > 0) ? 1 : 0;
}

/** @returns also why some cases have no rows */
async function measure(
  names: readonly string[],
  mostRuns: number,
): Promise<{ readonly rows: readonly Row[]; readonly failed: readonly string[] }> {
  const rows: Row[] = [];
  const failed: string[] = [];
  const meter = new ProcessorMeter();
  for (const name of names) {
    process.stderr.write(`measuring ${name} …\n`);
    try {
      rows.push(...(await rowsOfRuns(() => runCase(name), mostRuns, meter, tellAgain)));
    } catch (error) {
      failed.push(error instanceof Error ? error.message : String(error));
    }
  }
  return { rows, failed };
}

function tellAgain(open: readonly Row[]): void {
  for (const row of open) {
    const { name, against, mark } = row;
    const beside = against === null ? '' : `, against ${against}`;
    const is = figureInWords(row, judge(row).figure);
    process.stderr.write(`  again: ${name}${beside}: ${is} of ${figureInWords(row, mark ?? 0)}\n`);
  }
}

/** Prints which rows got that verdict. @returns how many */
function tell(rows: readonly Row[], verdict: Verdict): number {
  const found = rows.filter((row) => judge(row).verdict === verdict);
  console.log(
    `\n${found.length} ${found.length === 1 ? 'row' : 'rows'} ${verdict}${found.length > 0 ? ':' : '.'}`,
  );
  for (const row of found) {
    console.log(
      `  ${row.name}${row.against === null ? '' : `, against ${row.against}`} (${evidenceOf(row)})`,
    );
  }
  return found.length;
}

/** Each case has a process of its own, so that none inherits another's heap or warm code. */
function runCase(name: string): Promise<readonly Row[]> {
  const child = fork(new URL('./run-case.ts', import.meta.url), [name], {
    execArgv: ['--expose-gc', '--disable-warning=ExperimentalWarning'],
    timeout: CASE_TIMEOUT_MS,
  });
  return new Promise((resolve, reject) => {
    let rows: readonly Row[] | null = null;
    child.on('message', (message) => {
      rows = message as readonly Row[];
    });
    child.on('exit', (code, signal) =>
      rows
        ? resolve(rows)
        : reject(new Error(`${name} ended with ${signal ?? code} and no figures`)),
    );
  });
}
