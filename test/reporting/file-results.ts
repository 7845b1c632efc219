import type { EventData } from 'node:test';

type Outcome = EventData.TestPass | EventData.TestFail;

/** Most octets of a file's output that are kept to explain its failure. */
const OUTPUT_LIMIT = 16_384;

interface TestRecord {
  readonly file: string;
  /** Names of the enclosing suites and tests, then its own. */
  readonly title: string;
  readonly durationMs: number;
}

export interface Failure extends TestRecord {
  readonly location: string;
  /** What was thrown. */
  readonly error: unknown;
}

interface SkippedTest extends TestRecord {
  readonly reason: string;
}

/**
 * What one test file did, gathered from the events of its process.
 *
 * Counts leaf tests: a suite, or a test with subtests, counts only if it failed by
 * itself (a hook, its own body) while none of its subtests did. A test marked as
 * to do counts as skipped whether it passed or not.
 */
export class FileResults {
  readonly file: string;
  readonly passed: TestRecord[] = [];
  readonly failures: Failure[] = [];
  readonly skipped: SkippedTest[] = [];
  /** Why the process itself failed: it crashed, could not load the file, or ended with an error code. */
  readonly processFailures: string[] = [];
  failedCount = 0;
  durationMs = 0;
  /** Whether the process came to the end of its tests. */
  ended = false;
  #output = '';
  readonly #parents = new Set<number>();
  readonly #parentsOfFailures = new Set<number>();

  constructor(file: string) {
    this.file = file;
  }

  /** The last octets that the file's process printed. */
  get output(): string {
    return this.#output;
  }

  addOutput(text: string): void {
    this.#output = (this.#output + text).slice(-OUTPUT_LIMIT);
  }

  addOutcome(data: Outcome): void {
    this.#parents.add(data.parentId ?? 0);
    if (isMarked(data.todo) || isMarked(data.skip)) {
      this.#addSkipped(data);
    } else if ('error' in data.details) {
      this.#addFailure(data, data.details.error);
    } else if (data.details.type !== 'suite' && !this.#parents.has(data.testId)) {
      this.passed.push(this.#record(data));
    }
  }

  addProcessFailure(reason: string): void {
    this.failedCount++;
    this.processFailures.push(reason);
  }

  #addSkipped(data: Outcome): void {
    const reason = [data.skip, data.todo].find((mark) => typeof mark === 'string' && mark !== '');
    const fallback = isMarked(data.todo) ? 'to do' : 'no reason given';
    this.skipped.push({ ...this.#record(data), reason: String(reason ?? fallback) });
  }

  #addFailure(data: Outcome, error: unknown): void {
    this.#parentsOfFailures.add(data.parentId ?? 0);
    const kind = isObject(error) && 'failureType' in error ? error.failureType : undefined;
    if (kind === 'subtestsFailed') {
      return;
    }
    if (!this.#parentsOfFailures.has(data.testId)) {
      this.failedCount++;
    }
    this.failures.push({
      ...this.#record(data),
      location: `${this.file}:${data.line ?? 1}:${data.column ?? 1}`,
      error: isObject(error) && 'cause' in error ? error.cause : error,
    });
  }

  #record(data: Outcome): TestRecord {
    const enclosing = 'classname' in data ? `${data.classname} › ` : '';
    return {
      file: this.file,
      title: enclosing + data.name,
      durationMs: data.details.duration_ms,
    };
  }
}

function isMarked(mark: string | boolean | undefined): boolean {
  return mark !== undefined && mark !== false;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
