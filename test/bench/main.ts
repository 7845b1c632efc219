import { fork } from 'node:child_process';
import { parseArgs } from 'node:util';
import { CASES } from './cases.ts';
import { printTable, type Row } from './report.ts';

/** No case may take longer. */
const CASE_TIMEOUT_MS = 300_000;

const USAGE = `Usage: npm run bench -- [--check] [--only <text>]

Measures this gateway against the peer library and the floor of the cryptography.

  --check        end non-zero if a figure is under what it must reach
  --only <text>  run only the cases whose name contains <text>
  --help         show this

Cases: ${Object.keys(CASES).join(', ')}`;

const { values } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(USAGE);
} else {
  process.exitCode = await runAll(values.only, values.check);
}

async function runAll(only: string, check: boolean): Promise<number> {
  const names = Object.keys(CASES).filter((name) => name.includes(only));
  if (names.length === 0) {
    console.error(`No case is called like “${only}”.\n\n${USAGE}`);
    return 64;
  }
  const rows: Row[] = [];
  for (const name of names) {
    process.stderr.write(`measuring ${name} …\n`);
    rows.push(...(await runCase(name)));
  }
  printTable(rows, console.log);
  const under = rows.flatMap((row) => row.requirements).filter(({ holds }) => !holds).length;
  console.log(
    under === 0 ? '\nEvery figure reaches what it must.' : `\n${under} under what must be reached.`,
  );
  return check && under > 0 ? 1 : 0;
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
