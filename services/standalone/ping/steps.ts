import { ReachError } from '../reach/reach-error.ts';

/** A step failed; tells how far the ping got. */
export class StepFailedError extends Error {
  readonly code = 'STEP_FAILED';
  readonly step: string;

  constructor(step: string, cause: unknown) {
    super(`${step}: ${wordsOf(cause)}`, { cause });
    this.name = 'StepFailedError';
    this.step = step;
  }
}

/** Longest time for a step. */
const STEP_TIMEOUT_MS = 10_000;

/** Runs steps in order, and prints each with its duration. */
export class Steps {
  readonly #print: (line: string) => void;
  #totalMs = 0;

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  get totalMs(): number {
    return Math.round(this.#totalMs);
  }

  /**
   * @param action - gets a signal that aborts it when its time is up
   * @param describe - turns the result into a few words to print
   * @throws {StepFailedError}
   */
  async run<Result>(
    name: string,
    action: (signal: AbortSignal) => Promise<Result>,
    describe: (result: Result) => string = () => '',
  ): Promise<Result> {
    const startMs = performance.now();
    try {
      const result = await action(AbortSignal.timeout(STEP_TIMEOUT_MS));
      this.#report('✓', name, startMs, describe(result));
      return result;
    } catch (error) {
      this.#report('✗', name, startMs, wordsOf(error));
      if (error instanceof ReachError) {
        this.#print(`      → ${error.remedy}`);
      }
      throw new StepFailedError(name, error);
    }
  }

  /** Says what is not tried, and why. */
  skip(name: string, why: string): void {
    this.#print(`  – ${name.padEnd(28)} not tried: ${why}`);
  }

  #report(mark: string, name: string, startMs: number, remark: string): void {
    const tookMs = performance.now() - startMs;
    this.#totalMs += tookMs;
    this.#print(
      `  ${mark} ${name.padEnd(28)} ${String(Math.round(tookMs)).padStart(5)} ms  ${remark}`.trimEnd(),
    );
  }
}

/** The time-out of a step says only that the operation was aborted. */
function wordsOf(cause: unknown): string {
  const isLate = cause instanceof Error && cause.name === 'TimeoutError';
  const words = cause instanceof Error ? cause.message : String(cause);
  return isLate ? `no answer within ${STEP_TIMEOUT_MS / 1_000} s` : words;
}
