import { relative, resolve } from 'node:path';
import process from 'node:process';
import { Readable } from 'node:stream';
import type { EventData } from 'node:test';
import { spec, type TestEvent } from 'node:test/reporters';
import { inspect } from 'node:util';

type Outcome = EventData.TestPass | EventData.TestFail;

/** Of what failed, in characters: what a service printed that did not start, for one. */
const MOST_OF_A_FAILURE = 4_000;
/** Of failures that come from the failure of something else. */
const CONSEQUENCES: readonly unknown[] = ['subtestsFailed', 'cancelledByParent'];

/**
 * Reporter for `node --test`: Node's `spec`, then each skipped test with its reason, each failure once
 * more, as the end of an output is what people see of it, and as the very last line
 * `N passed, N failed, N skipped`.
 */
export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const totals = new Totals();
  async function* watched() {
    for await (const event of source) {
      totals.take(event);
      yield event;
    }
  }
  yield* Readable.from(watched()).compose(new spec());
  yield* totals.lines();
}

class Totals {
  #passed = 0;
  #failed = 0;
  readonly #skipped: string[] = [];
  readonly #failures: string[] = [];
  /** Files whose process has not come to the end of its tests. */
  readonly #unfinished = new Set<string>();
  readonly #finished = new Set<string>();

  take(event: TestEvent): void {
    if (event.type === 'test:pass' || event.type === 'test:fail') {
      this.#takeOutcome(event.data, event.type === 'test:fail');
      if (event.type === 'test:fail') {
        this.#takeFailure(event.data);
      }
    } else if (event.type === 'test:summary') {
      this.#takeSummary(event.data);
    }
  }

  #takeOutcome(data: Outcome, hasFailed: boolean): void {
    const file = data.entryFile ?? data.file ?? '';
    const isFinished = this.#finished.has(file);
    if (!isFinished) {
      this.#unfinished.add(file);
    }
    if (isMarked(data.skip) || isMarked(data.todo)) {
      const reasons = [data.skip, data.todo].filter((mark) => typeof mark === 'string');
      const reason = reasons.join('') || (isMarked(data.todo) ? 'to do' : 'no reason given');
      this.#skipped.push(`${relative(process.cwd(), file)} › ${data.name}: ${reason}`);
    } else if (hasFailed && isFinished && resolve(data.name) === file) {
      // A process that failed after its tests had ended.
      this.#failed++;
    }
  }

  #takeFailure({ name, file, entryFile, details, todo }: EventData.TestFail): void {
    const { failureType, cause } = details.error as Error & { readonly failureType?: unknown };
    if (CONSEQUENCES.includes(failureType) || isMarked(todo)) {
      return;
    }
    const what = inspect(cause ?? details.error).slice(0, MOST_OF_A_FAILURE);
    this.#failures.push(`${relative(process.cwd(), entryFile ?? file ?? '')} › ${name}\n${what}`);
  }

  #takeSummary({ file, counts, success }: EventData.TestSummary): void {
    if (file !== undefined) {
      this.#finished.add(file);
      this.#unfinished.delete(file);
      this.#passed += counts.passed;
      // A hook that fails is no test.
      const { tests, passed, skipped, todo } = counts;
      this.#failed += tests - passed - skipped - todo || (success ? 0 : 1);
    } else if (!success && this.#failed + this.#unfinished.size === 0) {
      // Something that belongs to no file, such as the global setup.
      this.#failed++;
    }
  }

  *lines(): Generator<string> {
    yield* this.#skipped.map((test) => `\nskipped: ${test}`);
    yield* this.#failures.map((failure) => `\n\nfailed: ${failure}`);
    for (const file of this.#unfinished) {
      yield `\n✖ ${relative(process.cwd(), file)} ended before its tests did, or has none`;
    }
    const failed = this.#failed + this.#unfinished.size;
    if (failed > 0) {
      // Node takes a process that exits with 0 in the middle of its tests for a success.
      process.exitCode = 1;
    }
    yield `\n\n${this.#passed} passed, ${failed} failed, ${this.#skipped.length} skipped\n`;
  }
}

function isMarked(mark: string | boolean | undefined): boolean {
  return mark !== undefined && mark !== false;
}
