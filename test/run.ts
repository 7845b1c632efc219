/**
 * Runs the tests, and counts all of them in one last line.
 *
 *   node test/run.ts          everything
 *   node test/run.ts code     without the checks of packages, charts and image
 *   node test/run.ts package  the checks of the packages alone
 *   node test/run.ts charts   those of the charts and the image alone
 */
import process from 'node:process';
import { run } from 'node:test';
import type { TestEvent } from 'node:test/reporters';
import { globalSetup, globalTeardown } from '#test/backing/global-setup.ts';
import { buildTools } from '#test/charts/tools.ts';
import report from './reporter.ts';

const PARTS = ['code', 'package', 'charts'] as const;
type Part = (typeof PARTS)[number];

/** Of a single test, and of a file of tests, in milliseconds. */
const TIMEOUT_MS = 300_000;
/** The same of the packages: they compress 300 MB, which other work on the machine may slow down. */
const PACKAGE_TIMEOUT_MS = 900_000;
/** Of all files of a part together, in milliseconds; one that does not end by itself has failed. */
const LIMITS_MS = {
  code: 40 * 60_000,
  package: 30 * 60_000,
  charts: 10 * 60_000,
} as const satisfies Record<Part, number>;

const CODE = ['libs', 'services', 'scripts', 'test'].map((folder) => `${folder}/**/*.test.ts`);
const PACKAGE_CHECKS = ['test/package/**/*.check.ts'];
const CHECKS = ['test/charts/**/*.check.ts'];
/** Fails, and says why, where the programs that the other checks need cannot be had. */
const CHECK_OF_TOOLS = ['test/charts/tools.check.ts'];

async function* runParts(parts: readonly Part[]): AsyncGenerator<TestEvent> {
  if (parts.includes('code')) {
    await globalSetup();
    try {
      const signal = AbortSignal.timeout(LIMITS_MS.code);
      yield* run({ globPatterns: CODE, concurrency: 3, timeout: TIMEOUT_MS, signal });
    } finally {
      await globalTeardown();
    }
  }
  if (parts.includes('package')) {
    const signal = AbortSignal.timeout(LIMITS_MS.package);
    // One after the other: compressing takes all processors.
    yield* run({
      globPatterns: PACKAGE_CHECKS,
      concurrency: 1,
      timeout: PACKAGE_TIMEOUT_MS,
      signal,
    });
  }
  if (parts.includes('charts')) {
    // Not before: building takes all processors for minutes, which tests would have to wait for.
    const globPatterns = (await canBuildTools()) ? CHECKS : CHECK_OF_TOOLS;
    const signal = AbortSignal.timeout(LIMITS_MS.charts);
    yield* run({ globPatterns, concurrency: 2, timeout: TIMEOUT_MS, signal });
  }
}

async function canBuildTools(): Promise<boolean> {
  try {
    await buildTools();
    return true;
  } catch {
    return false;
  }
}

function readParts(args: readonly string[]): readonly Part[] {
  const parts = PARTS.filter((part) => args.includes(part));
  if (parts.length !== args.length) {
    throw new Error(`usage: node test/run.ts [${PARTS.join(' | ')}]`);
  }
  return parts.length > 0 ? parts : PARTS;
}

for await (const text of report(runParts(readParts(process.argv.slice(2))))) {
  process.stdout.write(text);
}
