import { createInterface } from 'node:readline/promises';
import type { ReadStream, WriteStream } from 'node:tty';
import { printable } from '../printable.ts';
import { SetupError } from './setup-error.ts';
import type { Terminal } from './terminal.ts';

const ERASE_LINE = '\r\u001b[K';
const LEAST_COLUMNS = 20;
const BY_OPTIONS = 'Give the answers as options, with --yes.';

interface Streams {
  readonly input: ReadStream;
  readonly output: WriteStream;
  /** Called at Ctrl-C while a question is open: the terminal then sends no signal. */
  readonly onInterrupt: () => void;
}

/** The terminal that this process was started from, or the files in its place. */
export class ProcessTerminal implements Terminal {
  readonly #streams: Streams;
  readonly #print: (line: string) => void;
  /** What {@link progress} wrote last, and that it stands on an open line. */
  #last = '';
  #isLineOpen = false;

  constructor(streams: Streams, print: (line: string) => void) {
    this.#streams = streams;
    this.#print = print;
  }

  get canAsk(): boolean {
    return Boolean(this.#streams.input.isTTY && this.#streams.output.isTTY);
  }

  print(line: string): void {
    this.#endLine();
    this.#print(line);
  }

  progress(told: string): void {
    const { output } = this.#streams;
    const line = printable(told).replaceAll('\n', ' ');
    if (line === this.#last) {
      return;
    }
    this.#last = line;
    if (output.isTTY) {
      const columns = Math.max(output.columns || 80, LEAST_COLUMNS);
      const fitting = line.length < columns ? line : `${line.slice(0, columns - 2)}…`;
      output.write(`${ERASE_LINE}${fitting}`);
      this.#isLineOpen = true;
    } else {
      this.#print(line);
    }
  }

  async ask(question: string, signal: AbortSignal, remedy = BY_OPTIONS): Promise<string> {
    this.#endLine();
    const { input, output, onInterrupt } = this.#streams;
    const lines = createInterface({ input, output });
    const ended = new AbortController();
    const noAnswer = new SetupError('nobody answers', remedy);
    lines.on('SIGINT', onInterrupt).once('close', () => ended.abort(noAnswer));
    const either = AbortSignal.any([signal, ended.signal]);
    try {
      return (await lines.question(`${question} `, { signal: either })).trim();
    } catch (error) {
      throw either.aborted ? either.reason : error;
    } finally {
      lines.close();
    }
  }

  #endLine(): void {
    if (this.#isLineOpen) {
      this.#streams.output.write('\n');
      this.#isLineOpen = false;
    }
    this.#last = '';
  }
}
