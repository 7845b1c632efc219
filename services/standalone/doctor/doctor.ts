import { diagnose } from './diagnosis.ts';
import type { Examination } from './examinations.ts';
import { type Finding, ill } from './finding.ts';
import { type Examined, faultsIn, type Report } from './report.ts';

/**
 * Runs all examinations at once, and reports them in their order. Takes as long as they take.
 *
 * @returns the exit code: 1 if anything is to be fixed
 */
export async function runDoctor(
  examinations: readonly Examination[],
  report: Report,
): Promise<number> {
  report.begin(examinations.map(({ name }) => name));
  const running = examinations.map(async (each) => ({
    examination: each.name,
    findings: await each.run().catch((error: unknown) => [failed(each.name, error)]),
  }));
  const examined: Examined[] = [];
  for (const each of running) {
    examined.push(await each);
    report.add(await each);
  }
  const faults = faultsIn(examined);
  report.end(faults);
  return faults === 0 ? 0 : 1;
}

function failed(name: string, error: unknown): Finding {
  return ill(name, `it could not be examined: ${diagnose(error).detail}`, {
    why: 'Nobody knows whether it works.',
    remedy: 'Fix what else is said here, and ask again.',
  });
}
