import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** What a server process tells about itself on request. */
export interface Vitals {
  /** Resident memory after a garbage collection, in octets. */
  readonly rssOctets: number;
  /** Highest resident memory since the last question, in octets. */
  readonly peakRssOctets: number;
  /** CPU time of all threads since the start, in milliseconds. */
  readonly cpuMs: number;
}

export interface Ready<Info> {
  readonly ready: Info;
}

/** A server in a process of its own, so that only its own CPU and memory count. */
export class ChildServer<Info> implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly info: Info;

  private constructor(child: ChildProcess, info: Info) {
    this.#process = child;
    this.info = info;
  }

  /** @param settings - passed on as JSON */
  static async start<Info>(file: string, settings: object): Promise<ChildServer<Info>> {
    const url = new URL(file, import.meta.url);
    const child = fork(url, [JSON.stringify(settings)], {
      execArgv: ['--expose-gc', '--disable-warning=ExperimentalWarning'],
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

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.disconnect();
    if (this.#process.exitCode === null) {
      await once(this.#process, 'exit');
    }
  }
}

const SAMPLE_MS = 20;

/** To be called by a server process once it listens: answers questions until the parent hangs up. */
export function serveVitals<Info>(info: Info): void {
  let peakRssOctets = 0;
  const sample = () => {
    peakRssOctets = Math.max(peakRssOctets, process.memoryUsage.rss());
  };
  setInterval(sample, SAMPLE_MS).unref();
  process.on('message', () => {
    sample();
    globalThis.gc?.();
    const { user, system } = process.cpuUsage();
    const vitals: Vitals = {
      rssOctets: process.memoryUsage.rss(),
      peakRssOctets,
      cpuMs: (user + system) / 1_000,
    };
    peakRssOctets = 0;
    process.send?.(vitals);
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.({ ready: info });
}
