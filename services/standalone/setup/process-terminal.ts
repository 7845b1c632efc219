import { createInterface } from 'node:readline/promises';
import type { ReadStream, WriteStream } from 'node:tty';
import { printable } from '../printable.ts';
import { SetupError } from './setup-error.ts';
import type { Progress, Terminal } from './terminal.ts';

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

  progress({ news, lines }: Progress): void {
    const { output } = this.#streams;
    const line = output.isTTY ? longestFitting(lines, output.columns) : onOneLine(news);
    if (line === this.#last) {
      return;
    }
    this.#last = line;
    if (output.isTTY) {
      output.write(`${ERASE_LINE}${line}`);
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

/** With a column to spare, in which the cursor stands. The shortest is cut if even that is too long. */
function longestFitting(told: Progress['lines'], width: number | undefined): string {
  const columns = Math.max(width || 80, LEAST_COLUMNS);
  const lines = told.map(onOneLine);
  const fitting = lines.find(({ length }) => length < columns);
  return fitting ?? `${(lines.at(-1) ?? '').slice(0, columns - 2)}…`;
}

function onOneLine(text: string): string {
  return printable(text).replaceAll('\n', ' ');
}
