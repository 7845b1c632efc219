import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** What a child process answers, by the name of the question; all travels as JSON. */
export type Answers = Readonly<Record<string, (question: never) => unknown>>;

interface Answer {
  readonly answer?: unknown;
  readonly failure?: string;
}

/** A process of ours inside a network namespace, which answers questions one at a time. */
export class NamespaceChild<Offered extends Answers> implements AsyncDisposable {
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#process = child;
  }

  static async start<Offered extends Answers>(
    namespace: string,
    file: string,
  ): Promise<NamespaceChild<Offered>> {
    const child = fork(new URL(file, import.meta.url), {
      execPath: 'ip',
      execArgv: [
        ...['netns', 'exec', namespace, process.execPath],
        '--disable-warning=ExperimentalWarning',
      ],
    });
    await once(child, 'message');
    return new NamespaceChild(child);
  }

  /** @throws what went wrong there, or if the process ends */
  async ask<Name extends keyof Offered & string>(
    name: Name,
    question: Parameters<Offered[Name]>[0],
  ): Promise<Awaited<ReturnType<Offered[Name]>>> {
    const died = new AbortController();
    const onExit = () => died.abort(new Error(`the process ended during ${name}`));
    this.#process.once('exit', onExit);
    try {
      this.#process.send({ name, question });
      const [message] = await once(this.#process, 'message', { signal: died.signal });
      const { answer, failure } = message as Answer;
      if (failure !== undefined) {
        throw new Error(`${name}: ${failure}`);
      }
      return answer as Awaited<ReturnType<Offered[Name]>>;
    } finally {
      this.#process.off('exit', onExit);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.disconnect();
    if (this.#process.exitCode === null) {
      await once(this.#process, 'exit');
    }
  }
}

/** To be called by such a process once it can answer. */
export function answerQuestions(answers: Answers): void {
  process.on('message', async ({ name, question }: { name: string; question: never }) => {
    try {
      process.send?.({ answer: await answers[name]?.(question) });
    } catch (error) {
      process.send?.({ failure: String(error) });
    }
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.('ready');
}
