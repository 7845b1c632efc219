import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** What a server process tells about itself on request. */
interface Vitals {
  /** Resident memory after a garbage collection, in octets. */
  readonly rssOctets: number;
  /** Highest resident memory since the last question, in octets. */
  readonly peakRssOctets: number;
  /** CPU time of all threads since the start, in milliseconds. */
  readonly cpuMs: number;
}

interface Ready<Info> {
  readonly ready: Info;
}

/** Pieces of work that a server process does on request, by name; what they resolve for travels as JSON. */
export type Tasks = Readonly<Record<string, () => unknown>>;

interface TaskResult<Result> {
  readonly result: Result;
}

/** A server in a process of its own, so that only its own CPU and memory count. */
export class ChildServer<Info> implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly info: Info;

  private constructor(child: ChildProcess, info: Info) {
    this.#process = child;
    this.info = info;
  }

  /**
   * @param settings - passed on as JSON
   * @param nodeOptions - of the service that the server stands for
   */
  static async start<Info>(
    file: string,
    settings: object,
    nodeOptions: readonly string[] = [],
  ): Promise<ChildServer<Info>> {
    const url = new URL(file, import.meta.url);
    const child = fork(url, [JSON.stringify(settings)], {
      // What a server logs would stand between the figures.
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: ['--expose-gc', '--disable-warning=ExperimentalWarning', ...nodeOptions],
    });
    const died = once(child, 'exit').then(([code]) => {
      throw new Error(`${file} ended with ${code} before it was ready`);
    });
    const [message] = await Promise.race([once(child, 'message'), died]);
    died.catch(() => {});
    return new ChildServer(child, (message as Ready<Info>).ready);
  }

  async vitals(): Promise<Vitals> {
    this.#process.send('vitals');
    const [vitals] = await once(this.#process, 'message');
    return vitals as Vitals;
  }

  /**
   * CPU time of all threads since the start, in milliseconds. Unlike {@link vitals} it collects no
   * garbage, after which V8 would compile much anew.
   */
  cpuMs(): Promise<number> {
    return this.perform('cpuMs');
  }

  /** Has the process do one of its tasks; nothing else may be asked meanwhile. */
  async perform<Result>(task: string): Promise<Result> {
    const died = new AbortController();
    const onExit = () => died.abort(new Error(`the process ended during ${task}`));
    this.#process.once('exit', onExit);
    try {
      this.#process.send(task);
      const [message] = await once(this.#process, 'message', { signal: died.signal });
      return (message as TaskResult<Result>).result;
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

const SAMPLE_MS = 5;

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** To be called by a server process once it listens: answers questions until the parent hangs up. */
export function serveVitals<Info>(info: Info, tasks: Tasks = {}): void {
  let peakRssOctets = 0;
  const sample = () => {
    peakRssOctets = Math.max(peakRssOctets, process.memoryUsage.rss());
  };
  setInterval(sample, SAMPLE_MS).unref();
  process.on('message', async (message: string) => {
    const task = message === 'cpuMs' ? cpuMs : tasks[message];
    if (task) {
      process.send?.({ result: await task() });
      return;
    }
    sample();
    globalThis.gc?.();
    const vitals: Vitals = {
      rssOctets: process.memoryUsage.rss(),
      peakRssOctets,
      cpuMs: cpuMs(),
    };
    peakRssOctets = 0;
    process.send?.(vitals);
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.({ ready: info });
}
