import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { missingProgram } from '#test/backing/backing.ts';
import { freePort } from '#test/backing/child-server.ts';
import { type Found, obtainHaproxy } from '#test/backing/programs.ts';

/** The configuration that the documentation shows. */
const CONFIGURATION = join(import.meta.dirname, '../../../docs/operations/haproxy.cfg');

const START_TIMEOUT_MS = 20_000;

/** Where a service listens, and where it tells whether it is ready. */
export interface EdgeBackend {
  readonly port: number;
  readonly operationsPort: number;
}

export interface EdgeBackends {
  readonly poweb: readonly [EdgeBackend, EdgeBackend];
  readonly collection: readonly [EdgeBackend, EdgeBackend];
}

const found: Found = await obtainHaproxy();

/** False, or in words what to install: the `skip` option of a suite. */
export const missingHaproxy = missingProgram(found);

/** HAProxy as an edge, configured as the documentation shows but for the times given. */
export class Haproxy implements AsyncDisposable {
  readonly port: number;
  readonly #stop: () => Promise<void>;

  private constructor(port: number, stop: () => Promise<void>) {
    this.port = port;
    this.#stop = stop;
  }

  static async start(
    backends: EdgeBackends,
    times: Readonly<Record<'POWEB_TIMEOUT' | 'COLLECTION_TIMEOUT', string>>,
  ): Promise<Haproxy> {
    const port = await freePort();
    const environment = {
      ...times,
      CHECK_INTERVAL: '100ms',
      MAX_CONNECTIONS: '500',
      EDGE_BIND: `127.0.0.1:${port}`,
      ...variablesOf('POWEB', backends.poweb),
      ...variablesOf('COLLECTION', backends.collection),
    };
    const program = 'path' in found ? found.path : 'haproxy';
    const child = spawn(program, ['-db', '-f', CONFIGURATION], {
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    const exited = once(child, 'exit');
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    const stop = async () => {
      kill();
      await exited;
      process.off('exit', kill);
    };
    const deadlineMs = performance.now() + START_TIMEOUT_MS;
    while (!(await accepts(port))) {
      if (child.exitCode !== null || performance.now() > deadlineMs) {
        await stop();
        throw new Error(`HAProxy did not start: ${output}`);
      }
      await pause(20);
    }
    return new Haproxy(port, stop);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stop();
  }
}

function variablesOf(name: string, backends: readonly EdgeBackend[]) {
  const entries = backends.flatMap(({ port, operationsPort }, index) => [
    [`${name}_${index + 1}`, `127.0.0.1:${port}`],
    [`${name}_${index + 1}_OPERATIONS`, `${operationsPort}`],
  ]);
  return Object.fromEntries(entries) as Readonly<Record<string, string>>;
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
