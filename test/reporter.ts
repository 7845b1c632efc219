import { relative, resolve } from 'node:path';
import process from 'node:process';
import type { EventData } from 'node:test';
import type { TestEvent } from 'node:test/reporters';
import { inspect, styleText } from 'node:util';
import { FileResults } from './reporting/file-results.ts';

type Outcome = EventData.TestPass | EventData.TestFail;

const SLOWEST_SHOWN = 10;

/**
 * Reporter for `node --test`: a line per file with its counts and time, then what
 * was skipped and why, every failure in full, the slowest tests, and as the very
 * last line `N passed, N failed, N skipped`.
 */
export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const run = new Run();
  for await (const event of source) {
    yield* run.take(event);
  }
  yield* run.finish();
}

class Run {
  readonly #files = new Map<string, FileResults>();
  #current: FileResults | undefined;
  #runnerSucceeded = true;

  *take(event: TestEvent): Generator<string> {
    switch (event.type) {
      case 'test:pass':
      case 'test:fail':
        yield* this.#enter(this.#fileOf(event.data));
        this.#takeOutcome(event.data);
        break;
      case 'test:stdout':
      case 'test:stderr':
        this.#fileOf(event.data).addOutput(event.data.message);
        break;
      case 'test:diagnostic':
        yield* this.#takeDiagnostic(event.data);
        break;
      case 'test:summary':
        this.#takeSummary(event.data);
        break;
      case 'test:interrupted':
        yield* event.data.tests.map((test) => paint('red', `interrupted: ${test.name}\n`));
        break;
    }
  }

  *finish(): Generator<string> {
    yield* this.#enter(undefined);
    const files = [...this.#files.values()];
    for (const file of files.filter((file) => !file.ended)) {
      file.addProcessFailure('the process ended before its tests did');
      yield fileLine(file);
    }
    const skipped = files.flatMap((file) => file.skipped);
    yield* section(
      'Skipped',
      skipped.map((test) => `${test.file} › ${test.title}: ${test.reason}`),
    );
    for (const file of files.filter((file) => file.failedCount > 0)) {
      yield* describeFailures(file);
    }
    yield* section('Slowest', slowest(files));
    yield this.#totals(files);
  }

  /** The events of one file come together: what comes from another one says that it is through. */
  *#enter(file: FileResults | undefined): Generator<string> {
    if (this.#current !== file && this.#current?.ended) {
      yield fileLine(this.#current);
    }
    this.#current = file;
  }

  #takeOutcome(data: Outcome): void {
    const file = this.#fileOf(data);
    if (!isAboutTheFile(data)) {
      file.addOutcome(data);
      return;
    }
    file.durationMs = Math.max(file.durationMs, data.details.duration_ms);
    file.ended = true;
    if ('error' in data.details) {
      file.addProcessFailure(processFailureReason(data.details.error));
    } else {
      file.addProcessFailure('the file ran no test, or its process ended in the middle');
    }
  }

  *#takeDiagnostic(data: EventData.TestDiagnostic): Generator<string> {
    if (data.file !== undefined) {
      yield `    ${paint('dim', data.message)}\n`;
    }
  }

  #takeSummary(data: EventData.TestSummary): void {
    if (data.file === undefined) {
      // Of one run after another, if there were several.
      this.#runnerSucceeded &&= data.success;
      return;
    }
    const file = this.#fileOf(data);
    file.ended = true;
    file.durationMs = data.duration_ms;
  }

  #totals(files: readonly FileResults[]): string {
    const count = (of: (file: FileResults) => number) => files.reduce((sum, f) => sum + of(f), 0);
    // The runner may know of a failure that it tied to no file, such as a failed global setup.
    const failed = Math.max(
      count((file) => file.failedCount),
      this.#runnerSucceeded ? 0 : 1,
    );
    const passed = count((file) => file.passed.length);
    const skipped = count((file) => file.skipped.length);
    if (failed > 0) {
      // The runner takes a process that ended with 0 in the middle of its tests for a success.
      process.exitCode = 1;
    }
    const line = `${passed} passed, ${failed} failed, ${skipped} skipped`;
    return `\n${paint(failed > 0 ? 'red' : 'green', line)}\n`;
  }

  #fileOf(data: { file?: string | undefined; entryFile?: string }): FileResults {
    const path = relative(process.cwd(), data.entryFile ?? data.file ?? '') || '(unknown file)';
    const known = this.#files.get(path);
    if (known) {
      return known;
    }
    const file = new FileResults(path);
    this.#files.set(path, file);
    return file;
  }
}

/** The runner reports a file that crashed, or holds no tests, as a test named after the file. */
function isAboutTheFile(data: Outcome): boolean {
  return data.nesting === 0 && data.file !== undefined && resolve(data.name) === data.file;
}

function processFailureReason(error: { readonly cause?: unknown }): string {
  return error.cause instanceof Error
    ? `a hook of the file failed\n${indent(stackOf(error.cause))}`
    : 'the file could not be loaded, crashed, or ended with an error code';
}

function fileLine(file: FileResults): string {
  const counts = [`${file.passed.length} passed`];
  if (file.failedCount > 0) {
    counts.push(`${file.failedCount} failed`);
  }
  if (file.skipped.length > 0) {
    counts.push(`${file.skipped.length} skipped`);
  }
  const mark = file.failedCount > 0 ? paint('red', '✖') : paint('green', '✔');
  return `${mark} ${file.file}  ${counts.join(', ')}  ${paint('dim', inMs(file.durationMs))}\n`;
}

function* describeFailures(file: FileResults): Generator<string> {
  for (const failure of file.failures) {
    const head = paint('red', `✖ ${failure.title}`);
    yield `\n${head}\n  ${failure.location}\n${indent(stackOf(failure.error))}\n`;
  }
  for (const reason of file.processFailures) {
    yield `\n${paint('red', `✖ ${file.file}`)}\n  ${reason}\n`;
  }
  if (file.output !== '') {
    yield `\n  ${paint('dim', `output of ${file.file}:`)}\n${indent(file.output.trimEnd())}\n`;
  }
}

function stackOf(error: unknown): string {
  const text = isSelfExplaining(error) ? error.stack : inspect(error, { depth: 5 });
  const lines = text.split('\n').filter((line) => !/^\s+at .*node:internal\//.test(line));
  return lines.join('\n');
}

/** The message of a plain assertion already shows what `inspect` would repeat. */
function isSelfExplaining(error: unknown): error is { readonly stack: string } {
  return error instanceof Error && 'generatedMessage' in error && error.generatedMessage === true;
}

function slowest(files: readonly FileResults[]): string[] {
  return files
    .flatMap((file) => [...file.passed, ...file.failures])
    .sort((a, b) => b.durationMs - a.durationMs)
    .slice(0, SLOWEST_SHOWN)
    .map((test) => `${inMs(test.durationMs).padStart(9)}  ${test.file} › ${test.title}`);
}

function* section(title: string, lines: readonly string[]): Generator<string> {
  if (lines.length > 0) {
    yield `\n${title}\n${lines.map((line) => `  ${line}\n`).join('')}`;
  }
}

function inMs(durationMs: number): string {
  return `${Math.round(durationMs)} ms`;
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '    ');
}

function paint(colour: 'red' | 'green' | 'dim', text: string): string {
  return process.stdout.isTTY ? styleText(colour, text) : text;
}
