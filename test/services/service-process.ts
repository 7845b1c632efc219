import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '#test/backing/free-ports.ts';

export const SERVICE_NAMES = ['poweb', 'collection', 'cogrpc', 'pohttp', 'workers'] as const;

export type ServiceName = (typeof SERVICE_NAMES)[number];

/** A process with a `main.js`. */
type ProcessName = ServiceName | 'standalone';

/**
 * Options of V8 that the charts and the compose files give a service.
 *
 * @see docs/decisions/idle-collectors.md
 */
export const V8_OPTIONS: Readonly<Partial<Record<ProcessName, readonly string[]>>> = {
  collection: ['--max-semi-space-size=2', '--initial-old-space-size=256'],
};

/** What is run, and how. */
export interface Program {
  /** The folder with `services`; by default, of this clone. */
  readonly folder?: string;
  /** Options of Node, besides those of {@link V8_OPTIONS}. */
  readonly options?: readonly string[];
  /** What follows the program. */
  readonly args?: readonly string[];
}

const CLONE = join(import.meta.dirname, '../..');

/** Long, as a busy machine may load five processes at once. */
const START_TIMEOUT_MS = 100_000;

/** A service as a process: `node services/<name>/main.js`. */
export class ServiceProcess<Name extends ProcessName = ServiceName> implements AsyncDisposable {
  readonly name: Name;
  /** For clients, if the service has any. */
  readonly port: number;
  readonly operationsPort: number;
  /** Of the operations port. */
  readonly #host: string;
  /** Resolves with the exit code, or the signal that ended the process. */
  readonly exited: Promise<number | string>;
  readonly #child: ChildProcess;
  #output = '';

  private constructor(
    name: Name,
    where: { readonly host: string; readonly port: number; readonly operationsPort: number },
    child: ChildProcess,
  ) {
    this.name = name;
    this.#host = where.host;
    this.port = where.port;
    this.operationsPort = where.operationsPort;
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
    }
    this.exited = once(child, 'exit').then(([code, signal]) => signal ?? code);
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    child.once('exit', () => process.off('exit', kill));
  }

  /** Starts the service, on ports that are free unless the environment names them. */
  static async start<Name extends ProcessName>(
    name: Name,
    environment: Readonly<Record<string, string>>,
    { folder = CLONE, options = [], args: words = [] }: Program = {},
  ): Promise<ServiceProcess<Name>> {
    const variable = `${name.toUpperCase()}_PORT`;
    const port = Number(environment[variable] ?? (await freePort()));
    const operationsPort = Number(environment.OPERATIONS_PORT ?? (await freePort()));
    // Of collection; other services do not know it.
    const agentPort = environment.COLLECTION_AGENT_PORT ?? `${await freePort()}`;
    const main = join(folder, 'services', name, 'main.js');
    const nodeOptions = [...(V8_OPTIONS[name] ?? []), ...options];
    const args = ['--disable-warning=ExperimentalWarning', ...nodeOptions, main, ...words];
    const child = spawn(process.execPath, args, {
      env: {
        ...environment,
        [variable]: `${port}`,
        OPERATIONS_PORT: `${operationsPort}`,
        COLLECTION_AGENT_PORT: agentPort,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    await once(child, 'spawn');
    const host = environment.OPERATIONS_HOST ?? '127.0.0.1';
    return new ServiceProcess(name, { host, port, operationsPort }, child);
  }

  /** The same; resolves once the service is ready. */
  static async startReady<Name extends ProcessName>(
    name: Name,
    environment: Readonly<Record<string, string>>,
    program: Program = {},
  ): Promise<ServiceProcess<Name>> {
    const service = await ServiceProcess.start(name, environment, program);
    await service.untilReady();
    return service;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** All output so far. */
  get output(): string {
    return this.#output;
  }

  /** @returns status and body of `/readyz`; null while the service does not listen */
  async readiness(): Promise<{ readonly status: number; readonly body: string } | null> {
    try {
      const response = await fetch(`http://${this.#host}:${this.operationsPort}/readyz`, {
        signal: AbortSignal.timeout(START_TIMEOUT_MS),
      });
      return { status: response.status, body: await response.text() };
    } catch {
      return null;
    }
  }

  async untilReady(): Promise<void> {
    const deadlineMs = performance.now() + START_TIMEOUT_MS;
    for (;;) {
      const state = await this.readiness();
      if (state?.status === 200) {
        return;
      }
      const hasEnded = this.#child.exitCode !== null || this.#child.signalCode !== null;
      if (hasEnded || performance.now() > deadlineMs) {
        await this[Symbol.asyncDispose]();
        throw new Error(`${this.name} did not start: ${state?.body ?? ''}\n${this.#output}`);
      }
      await pause(25);
    }
  }

  /** @returns its exit code, or the signal that ended it */
  stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | string> {
    this.#child.kill(signal);
    return this.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL');
  }
}
