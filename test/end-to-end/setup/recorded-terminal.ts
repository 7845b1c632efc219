import type { Progress, Terminal } from '#services/standalone/setup/terminal.ts';

/** A terminal that remembers what was printed, and gives answers in turn. */
export class RecordedTerminal implements Terminal {
  readonly canAsk: boolean;
  readonly lines: string[] = [];
  /** What {@link progress} showed on a wide screen, and what was news, without repetitions. */
  readonly shown: string[] = [];
  readonly news: string[] = [];
  readonly asked: string[] = [];
  readonly #answers: string[];

  constructor(answers: readonly string[] = []) {
    this.canAsk = answers.length > 0;
    this.#answers = [...answers];
  }

  get text(): string {
    return this.lines.join('\n');
  }

  print(line: string): void {
    this.lines.push(line);
  }

  progress({ news, lines: [line] }: Progress): void {
    if (line !== this.shown.at(-1)) {
      this.shown.push(line);
    }
    if (news !== this.news.at(-1)) {
      this.news.push(news);
    }
  }

  async ask(question: string): Promise<string> {
    this.asked.push(question);
    return this.#answers.shift() ?? '';
  }
}
