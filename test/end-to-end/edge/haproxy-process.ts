import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { accepts } from '#test/backing/accepts.ts';
import { missingProgram } from '#test/backing/backing.ts';
import { freePort } from '#test/backing/free-ports.ts';
import { type Found, obtainHaproxy } from '#test/backing/programs.ts';

/** The configuration that the documentation shows, and the chart runs. */
const CONFIGURATION = join(import.meta.dirname, '../../../docs/operations/haproxy.cfg');

const START_TIMEOUT_MS = 100_000;

const found: Found = await obtainHaproxy();

/** False, or in words what to install: the `skip` option of a suite. */
export const missingHaproxy = missingProgram(found);

/** HAProxy, configured as the documentation shows but for the environment given. */
export class HaproxyProcess implements AsyncDisposable {
  readonly port: number;
  readonly operationsPort: number;
  /** Resolves when the process is gone: its exit code, or the signal that ended it. */
  readonly exited: Promise<number | string>;
  readonly #child: ChildProcess;

  private constructor(
    child: ChildProcess,
    ports: { readonly port: number; readonly operationsPort: number },
  ) {
    this.#child = child;
    this.port = ports.port;
    this.operationsPort = ports.operationsPort;
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    this.exited = once(child, 'exit').then(([code, signal]) => {
      process.off('exit', kill);
      return signal ?? code;
    });
  }

  static async start(environment: Readonly<Record<string, string>>): Promise<HaproxyProcess> {
    const port = await freePort();
    const operationsPort = await freePort();
    const program = 'path' in found ? found.path : 'haproxy';
    const child = spawn(program, ['-db', '-f', CONFIGURATION], {
      env: {
        CHECK_INTERVAL: '100ms',
        MAX_CONNECTIONS: '500',
        EDGE_BIND: `127.0.0.1:${port}`,
        EDGE_OPERATIONS_BIND: `127.0.0.1:${operationsPort}`,
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    const haproxy = new HaproxyProcess(child, { port, operationsPort });
    const deadlineMs = performance.now() + START_TIMEOUT_MS;
    while (!(await accepts({ port, host: '127.0.0.1' }))) {
      if (child.exitCode !== null || performance.now() > deadlineMs) {
        await haproxy[Symbol.asyncDispose]();
        throw new Error(`HAProxy did not start: ${output}`);
      }
      await pause(20);
    }
    return haproxy;
  }

  /** Takes no new connections from now on, and ends once the last one that it has is over. */
  stop(): Promise<number | string> {
    this.#child.kill('SIGUSR1');
    return this.exited;
  }

  /** What its operations port answers. */
  async ask(path: string): Promise<{ readonly status: number; readonly text: string }> {
    const response = await fetch(`http://127.0.0.1:${this.operationsPort}${path}`);
    return { status: response.status, text: await response.text() };
  }

  /** How many processes of collection are in a state, such as `UP` or `DRAIN`. */
  async countOf(state: string): Promise<number> {
    const { text } = await this.ask('/metrics');
    const line = `haproxy_backend_agg_server_status{proxy="collection",state="${state}"} `;
    return Number(text.split(line)[1]?.split('\n')[0] ?? 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.exited;
  }
}
